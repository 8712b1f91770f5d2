"""
Keras 3: batch normalization over batch and time, in training with the running statistics after the step, with masks, and in
prediction. PyTorch, which divides the variance by n − 1 in its running statistics alone, must give the same outputs and slopes.
"""

from keras_setup import write  # first: it chooses the backend

import jax
import jax.numpy as jnp
import keras
import numpy as np
import torch

from write import Draw, tensor, tensors

MOMENTUM, EPSILON = 0.9, 1e-3
NAMES = {"gamma": "gamma", "beta": "beta", "moving_mean": "movingMean", "moving_variance": "movingVariance"}


def ours(variables, values):
    return {NAMES[variable.name]: np.asarray(value) for variable, value in zip(variables, values)}


def held_against_torch(weights, x, upstream, output, slopes, after):
    """PyTorch keeps features on axis 1; `slopes` by our names."""
    features = x.shape[-1]
    layer = torch.nn.BatchNorm1d(features, eps=EPSILON, momentum=1 - MOMENTUM, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weights["gamma"]))
        layer.bias.copy_(torch.tensor(weights["beta"]))
        layer.running_mean.copy_(torch.tensor(weights["movingMean"]))
        layer.running_var.copy_(torch.tensor(weights["movingVariance"]))
    rows = torch.tensor(np.array(x).reshape(-1, features), requires_grad=True)
    y = layer(rows)
    (y * torch.tensor(np.array(upstream).reshape(-1, features))).sum().backward()
    n = len(rows)
    unbiased = (after["movingVariance"] - MOMENTUM * weights["movingVariance"]) * n / (n - 1) + MOMENTUM * weights["movingVariance"]
    for found, wanted in [
        (y, np.array(output).reshape(-1, features)),
        (rows.grad, np.array(slopes["x"]).reshape(-1, features)),
        (layer.weight.grad, slopes["gamma"]),
        (layer.bias.grad, slopes["beta"]),
        (layer.running_mean, after["movingMean"]),
        (layer.running_var, unbiased),
    ]:
        np.testing.assert_allclose(found.detach().numpy(), wanted, rtol=1e-10, atol=1e-12)


def case(name, shape, training=True, mask=None, options=None):
    draw = Draw(f"batch normalization {name}")
    given = options or {}
    layer = keras.layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON, **given)
    layer.build(shape)
    for variable in layer.variables:
        positive = variable.name == "moving_variance"
        variable.assign(draw.uniform(*variable.shape, low=0.5, high=2) if positive else draw.normal(*variable.shape))
    x = jnp.array(draw.normal(*shape, scale=1) + 0.5)
    upstream = draw.normal(*shape, scale=1)
    learned, kept = layer.trainable_variables, layer.non_trainable_variables
    weights, statistics = [v.value for v in learned], [v.value for v in kept]
    spread = None if mask is None else np.array(mask, dtype=float).reshape(*np.shape(mask), *(1 for _ in shape[2:]))
    seen = {} if mask is None else {"mask": jnp.broadcast_to(spread[..., 0], shape[:-1]) == 1}  # Keras: one for each vector

    def run(weights, x):
        return layer.stateless_call(weights, statistics, x, training=training, **seen)

    used = 1 if mask is None else spread
    loss = lambda weights, x: jnp.sum(run(weights, x)[0] * upstream * used)
    output, after = run(weights, x)
    value, slopes = jax.value_and_grad(loss, argnums=(0, 1))(weights, x)
    gradients = {**ours(learned, slopes[0]), "x": slopes[1]}
    if training and mask is None and not given:
        held_against_torch({**ours(learned, weights), **ours(kept, statistics)}, x, upstream, output, gradients, ours(kept, after))
    return {
        "name": name,
        "options": {"momentum": MOMENTUM, "epsilon": EPSILON, **given},
        "training": training,
        "weights": tensors({**ours(learned, weights), **ours(kept, statistics)}),
        "inputs": {"x": tensor(x), **({} if mask is None else {"mask": tensor(mask)})},
        "upstream": {"output": tensor(upstream * used)},
        "expected": {
            "output": tensor(output * used),
            "loss": float(value),
            "gradients": tensors(gradients),
            "after": tensors(ours(kept, after)),
        },
    }


HOLES = [[1, 1, 0, 1, 0], [0, 0, 1, 1, 1], [0, 0, 0, 0, 0]]
write(
    "batch-normalization",
    [
        case("vectors", (5, 3)),
        case("sequences", (3, 5, 4)),
        case("frames", (2, 3, 2, 3)),
        case("sequences with holes", (3, 5, 4), mask=HOLES),
        case("frames with holes", (3, 5, 2, 2), mask=HOLES),
        case("without scale", (3, 5, 4), options={"scale": False}),
        case("without shift", (3, 5, 4), options={"center": False}),
        case("in prediction", (3, 5, 4), training=False),
    ],
)
