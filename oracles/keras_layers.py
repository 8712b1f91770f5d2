"""Keras 3: layers around the recurrent ones, alone and stacked, and the activations with their slopes."""

from keras_setup import our_weights, set_random, stateless, write  # first: it chooses the backend

import jax
import jax.numpy as jnp
import keras
import numpy as np

from write import Draw, tensor, tensors

ACTIVATIONS = {
    "linear": "linear", "relu": "relu", "leakyRelu": "leaky_relu", "relu6": "relu6", "elu": "elu", "selu": "selu",
    "gelu": "gelu", "silu": "silu", "mish": "mish", "softplus": "softplus", "softsign": "softsign", "tanh": "tanh",
    "sigmoid": "sigmoid", "hardSigmoid": "hard_sigmoid", "hardTanh": "hard_tanh", "exponential": "exponential",
    "logSigmoid": "log_sigmoid", "softmax": "softmax", "logSoftmax": "log_softmax",
}


def differentiate(forward, weights, x, draw, whole=True):
    """Output, loss = Σ upstream · output, and the gradients with respect to weights and, for real inputs, x."""
    output = forward(weights, x)
    upstream = draw.normal(*output.shape, scale=1)
    loss = lambda weights, x: jnp.sum(forward(weights, x) * upstream)
    value, slopes = jax.value_and_grad(loss, argnums=(0, 1) if whole else (0,))(weights, x)
    return output, upstream, float(value), slopes


def layer_case(name, kind, options, layer, shape):
    draw = Draw(f"keras {name}")
    layer.build(shape)
    set_random(layer, draw)
    x = jnp.array(draw.normal(*shape, scale=1))
    weights = [variable.value for variable in layer.trainable_variables]
    output, upstream, loss, slopes = differentiate(lambda w, x: stateless(layer, w, x), weights, x, draw)
    return {
        "name": name,
        "layer": kind,
        "options": options,
        "weights": tensors(our_weights(layer.trainable_variables, weights)),
        "inputs": {"x": tensor(x)},
        "upstream": {"output": tensor(upstream)},
        "expected": {
            "output": tensor(output),
            "loss": loss,
            "gradients": tensors({**our_weights(layer.trainable_variables, slopes[0]), "x": slopes[1]}),
        },
    }


def stack_case(name, plan, x, whole, note=None):
    """Layers one after the other. `plan` pairs each Keras layer with our description; weights are named `index/name`."""
    draw = Draw(f"keras {name}")
    model = keras.Sequential([keras.Input(x.shape[1:], dtype="float64" if whole else "int32"), *(layer for layer, _ in plan)])
    set_random(model, draw)
    weights = [variable.value for variable in model.trainable_variables]
    forward = lambda weights, x: stateless(model, weights, x)
    output, upstream, loss, slopes = differentiate(forward, weights, jnp.array(x), draw, whole)

    def named(values):
        ours, taken = {}, 0
        for index, (layer, _) in enumerate(plan):
            own = layer.trainable_variables
            for key, value in our_weights(own, values[taken : taken + len(own)]).items():
                ours[f"{index}/{key}"] = value
            taken += len(own)
        return ours

    return {
        "name": name,
        "layer": "sequential",
        "options": {"layers": [{"layer": kind, "options": options} for _, (kind, options) in plan]},
        **({"note": note} if note else {}),
        "weights": tensors(named(weights)),
        "inputs": {"x": tensor(x)},
        "upstream": {"output": tensor(upstream)},
        "expected": {
            "output": tensor(output),
            "loss": loss,
            "gradients": tensors({**named(slopes[0]), **({"x": slopes[1]} if whole else {})}),
        },
    }


def lstm(units, sequences):
    layer = keras.layers.LSTM(units, return_sequences=sequences, use_cudnn=False)
    return layer, ("lstm", {"units": units, "returnSequences": sequences})


def single_layers():
    per_step = {"layer": {"layer": "dense", "options": {"units": 4, "activation": "tanh"}}}
    return [
        layer_case("dense", "dense", {"units": 4}, keras.layers.Dense(4), (3, 2)),
        layer_case("dense over time", "dense", {"units": 4, "activation": "relu"}, keras.layers.Dense(4, activation="relu"), (2, 3, 5)),
        layer_case("timeDistributed dense", "timeDistributed", per_step,
                   keras.layers.TimeDistributed(keras.layers.Dense(4, activation="tanh")), (2, 3, 5)),
        layer_case("layerNormalization", "layerNormalization", {"epsilon": 0.001}, keras.layers.LayerNormalization(), (3, 4)),
        layer_case("layerNormalization over time", "layerNormalization", {"epsilon": 0.001},
                   keras.layers.LayerNormalization(), (2, 3, 5)),
        layer_case("layerNormalization epsilon 1e-5", "layerNormalization", {"epsilon": 1e-5},
                   keras.layers.LayerNormalization(epsilon=1e-5), (2, 6)),
        layer_case("layerNormalization without offset", "layerNormalization", {"epsilon": 0.001, "center": False},
                   keras.layers.LayerNormalization(center=False), (2, 6)),
        layer_case("layerNormalization without scale", "layerNormalization", {"epsilon": 0.001, "scale": False},
                   keras.layers.LayerNormalization(scale=False), (2, 6)),
    ]


def stacks():
    words = np.array([[3, 1, 4, 0, 0], [2, 2, 5, 1, 3], [0, 4, 0, 1, 0], [0, 0, 0, 0, 0]])
    embed = lambda: (
        keras.layers.Embedding(6, 3, mask_zero=True), ("embedding", {"inputDim": 6, "outputDim": 3, "maskZero": True}),
    )
    masked = Draw("masked input").normal(3, 5, 2, scale=1)
    masked[0, 3:] = masked[1, 1] = masked[2, :2] = -1
    masked[1, 3, 0] = -1  # one feature alone at the mask value: the step counts
    masking = (keras.layers.Masking(-1.0), ("masking", {"maskValue": -1}))
    head = (keras.layers.Dense(2), ("dense", {"units": 2}))
    per_step = (
        keras.layers.TimeDistributed(keras.layers.Dense(2)),
        ("timeDistributed", {"layer": {"layer": "dense", "options": {"units": 2}}}),
    )
    plain = Draw("plain input").normal(2, 4, 3, scale=1)
    return [
        stack_case("embedding, lstm", [embed(), lstm(3, False)], words, whole=False,
                   note="index 0 is padding at the left, at the right, inside, and throughout the last row"),
        stack_case("embedding, lstm, lstm", [embed(), lstm(3, True), lstm(2, True)], words, whole=False,
                   note="the mask travels through the first lstm to the second"),
        stack_case("masking, lstm, lstm, dense", [masking, lstm(3, True), lstm(2, False), head], masked, whole=True),
        stack_case("lstm, lstm, timeDistributed dense", [lstm(3, True), lstm(2, True), per_step], plain, whole=True),
    ]


def initial_biases():
    """`unitForgetBias` puts 1 into the block of the forget gate, whatever the initializer says."""
    cases = []
    for value, unit in ((0.25, True), (0.25, False)):
        layer = keras.layers.LSTM(2, bias_initializer=keras.initializers.Constant(value), unit_forget_bias=unit)
        layer.build((1, 1, 1))
        cases.append({
            "name": f"initial bias of lstm, constant {value}, unit forget bias {unit}",
            "layer": "lstm",
            "options": {"units": 2, "unitForgetBias": unit, "biasInitializer": {"kind": "constant", "value": value}},
            "expected": {"weights": {"bias": tensor(layer.trainable_variables[2].value)}},
        })
    return cases


def activations():
    """Values and slopes; softmax and logSoftmax over the last axis. No point lies on a kink, where conventions differ."""
    cases = []
    for ours, theirs in ACTIVATIONS.items():
        draw = Draw("activations")
        x = jnp.array(np.concatenate([draw.normal(3, 6, scale=2), [[-50, -8.5, -0.0001, 0.0001, 8.5, 30]]]))
        forward = lambda _, x: keras.activations.get(theirs)(x)
        output, upstream, loss, slopes = differentiate(forward, [], x, draw)
        cases.append({
            "name": ours,
            "activation": ours,
            "inputs": {"x": tensor(x)},
            "upstream": {"output": tensor(upstream)},
            "expected": {"output": tensor(output), "loss": loss, "gradients": {"x": tensor(slopes[1])}},
        })
    return cases


if __name__ == "__main__":
    write("keras-layers", single_layers() + stacks() + initial_biases())
    write("keras-activations", activations())
