"""Keras 3: ConvLSTM over lines, images and volumes, with given states and gradients of every weight. Its JAX backend takes no masks here."""

from keras_setup import keras_options, our_weights, set_random, stateless, write  # first: it chooses the backend

import jax
import jax.numpy as jnp
import keras

from write import Draw, tensor, tensors

GRIDS = {"ConvLSTM1D": (5,), "ConvLSTM2D": (4, 5), "ConvLSTM3D": (2, 3, 3)}


def case(kind, options, note, B=2, T=3, I=2):
    name = f"{kind}, {note}"
    draw = Draw(f"keras {name}")
    options = {"filters": 2, "kernelSize": 2, **options}
    layer = getattr(keras.layers, kind)(**keras_options(options), return_state=True)
    x = jnp.array(draw.normal(B, T, *GRIDS[kind], I, scale=1))
    layer.build(x.shape)
    set_random(layer, draw)
    weights = [variable.value for variable in layer.trainable_variables]
    shape = layer.cell.compute_output_shape((B, *x.shape[2:]))[1][0]
    initial = {key: jnp.array(draw.normal(*shape, scale=0.5)) for key in ("hiddenState", "cellState")}

    def forward(weights, x, initial):
        return stateless(layer, weights, x, initial_state=[initial["hiddenState"], initial["cellState"]])

    names = ("output", "hiddenState", "cellState")
    results = dict(zip(names, forward(weights, x, initial)))
    upstream = {key: draw.normal(*value.shape, scale=1) for key, value in results.items()}
    loss = lambda *given: sum(jnp.sum(value * upstream[key]) for key, value in zip(names, forward(*given)))
    value, slopes = jax.value_and_grad(loss, argnums=(0, 1, 2))(weights, x, initial)
    return {
        "name": name,
        "layer": kind,
        "options": options,
        "weights": tensors(our_weights(layer.trainable_variables, weights)),
        "inputs": {"x": tensor(x), "initialState": tensors(initial)},
        "upstream": tensors(upstream),
        "expected": {
            **tensors(results),
            "loss": float(value),
            "gradients": tensors({**our_weights(layer.trainable_variables, slopes[0]), "x": slopes[1], **slopes[2]}),
        },
    }


if __name__ == "__main__":
    write("keras-conv-lstm", [
        case("ConvLSTM1D", {"returnSequences": True}, "valid"),
        case("ConvLSTM1D", {"padding": "same", "dilationRate": 2, "kernelSize": 3, "goBackwards": True, "returnSequences": True}, "dilated, backwards"),
        case("ConvLSTM2D", {"padding": "same", "kernelSize": [3, 2], "returnSequences": True}, "same"),
        case("ConvLSTM2D", {"strides": [2, 1], "useBias": False, "recurrentActivation": "hardSigmoid"}, "strides, hard sigmoid, no bias"),
        case("ConvLSTM2D", {"padding": "same", "strides": 2, "activation": "softsign"}, "same with strides, softsign"),
        case("ConvLSTM3D", {"padding": "same"}, "same"),
    ])
