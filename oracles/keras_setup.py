"""Keras 3 in float64 on the JAX backend, its names turned into ours, and weights set at random. Import this before keras."""

import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_ENABLE_X64"] = "1"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras.src.backend.common import dtypes  # noqa: E402

from write import save  # noqa: E402

keras.config.set_floatx("float64")
keras.config.set_dtype_policy("float64")
dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"  # or tanh, mean and others would go through float32 on this backend

WORDS = {"recurrent_kernel": "recurrentKernel", "forward_layer": "forward", "backward_layer": "backward"}
CLASSES = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "simpleRnn": keras.layers.SimpleRNN}


def snake(name):
    """returnSequences → return_sequences."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def keras_options(options):
    """Our options as Keras keywords. Names of activations are values, so they change as well."""
    named = {key: snake(value) if key.lower().endswith("activation") else value for key, value in options.items()}
    return {snake(key): value for key, value in named.items()}


def recurrent(kind, options):
    """The layer with our options, on its plain path: no cuDNN, no unrolling."""
    plain = {} if kind == "simpleRnn" else {"use_cudnn": False}
    return CLASSES[kind](**keras_options(options), unroll=False, **plain)


def our_name(variable):
    """The last word of a variable's path, with the direction before it: `forward/kernel`."""
    parts = variable.path.split("/")
    way = [part.split("_")[0] for part in parts if part.startswith(("forward_", "backward_"))][:1]
    return "/".join([*way, WORDS.get(parts[-1], parts[-1])])


def our_weights(variables, values):
    """
    Variables with their values (or gradients) under our names. Keras stores blocks as we do: LSTM i f g o, GRU z r h;
    only the GRU's two bias rows [2, 3H] become `bias` and `recurrentBias`.
    """
    ours = {}
    for variable, value in zip(variables, values):
        name, value = our_name(variable), np.asarray(value)
        if name.endswith("bias") and value.ndim == 2:
            ours[name], ours[name[: -len("bias")] + "recurrentBias"] = value[0], value[1]
        else:
            ours[name] = value
    return ours


def set_random(layer, draw):
    for variable in layer.trainable_variables:
        variable.assign(draw.normal(*variable.shape))


def stateless(layer, variables, *inputs, **options):
    """The layer's outputs as a function of its trainable values, so that JAX can take the gradient."""
    frozen = [variable.value for variable in layer.non_trainable_variables]
    outputs = layer.stateless_call(variables, frozen, *inputs, **options)[0]
    for output in jax.tree.leaves(outputs):
        if output.dtype != "float64":
            raise TypeError(f"Cannot use {layer.name} as an oracle: it computed in {output.dtype}, and float64 was asked for.")
    return outputs


def write(topic, cases):
    save(topic, "keras", keras.__version__, cases)
