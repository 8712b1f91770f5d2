"""
One small training run in both frameworks from the same numbers: LSTM(5) → Dense(1) on the last output, mean squared error,
three steps of Adam on the same batch. They agree on loss and gradients; after a step they differ by the place of Adam's epsilon.

PyTorch's second LSTM bias stays at zero and untrained: two biases that both take Adam's step would move their sum twice as far.
"""

from keras_setup import our_weights, write as write_keras  # first: it chooses the backend

import jax
import jax.numpy as jnp
import keras
import torch

from pytorch import our_weights as torch_weights, write as write_torch
from write import Draw, tensor, tensors

B, T, I, H, RATE, STEPS = 4, 6, 3, 5, 0.01, 3


def data():
    draw = Draw("training step")
    weights = {
        "0/kernel": draw.normal(I, 4 * H), "0/recurrentKernel": draw.normal(H, 4 * H), "0/bias": draw.normal(4 * H),
        "1/kernel": draw.normal(H, 1), "1/bias": draw.normal(1),
    }
    return weights, draw.normal(B, T, I, scale=1), draw.normal(B, 1, scale=1)


def record(name, epsilon, first, losses, after):
    """The case, from the first step's output and gradients, the loss before each step, and the weights after steps 1 and 3."""
    weights, x, y = data()
    return {
        "name": name,
        "layer": "sequential",
        "options": {"layers": [
            {"layer": "lstm", "options": {"units": H, "returnSequences": False}}, {"layer": "dense", "options": {"units": 1}},
        ]},
        "loss": "meanSquaredError",
        "optimizer": {"optimizer": "adam", "options": {"learningRate": RATE, "beta1": 0.9, "beta2": 0.999, "epsilon": epsilon}},
        "weights": tensors(weights),
        "inputs": {"x": tensor(x), "y": tensor(y)},
        "expected": {
            "output": tensor(first["output"]),
            "loss": losses[0],
            "gradients": tensors(first["gradients"]),
            "losses": losses,
            "weightsAfter": {str(step): tensors(values) for step, values in after.items()},
        },
    }


def in_torch(epsilon):
    weights, x, y = data()
    lstm, dense = torch.nn.LSTM(I, H, batch_first=True), torch.nn.Linear(H, 1)
    with torch.no_grad():
        lstm.weight_ih_l0.copy_(torch.from_numpy(weights["0/kernel"].T))
        lstm.weight_hh_l0.copy_(torch.from_numpy(weights["0/recurrentKernel"].T))
        lstm.bias_ih_l0.copy_(torch.from_numpy(weights["0/bias"]))
        lstm.bias_hh_l0.zero_()
        dense.weight.copy_(torch.from_numpy(weights["1/kernel"].T))
        dense.bias.copy_(torch.from_numpy(weights["1/bias"]))
    lstm.bias_hh_l0.requires_grad = False
    trained = [parameter for parameter in (*lstm.parameters(), *dense.parameters()) if parameter.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=RATE, eps=epsilon)

    def ours(read):
        recurrent = torch_weights("lstm", {key: read(parameter) for key, parameter in lstm.named_parameters()}, "")
        return {**{f"0/{key}": value for key, value in recurrent.items()},
                "1/kernel": read(dense.weight).T, "1/bias": read(dense.bias)}

    first, losses, after = {}, [], {}
    for step in range(1, STEPS + 1):
        output = dense(lstm(torch.from_numpy(x))[0][:, -1])
        loss = torch.nn.functional.mse_loss(output, torch.from_numpy(y))
        optimizer.zero_grad()
        loss.backward()
        if step == 1:
            zero = lambda p: p.grad.numpy().copy() if p.grad is not None else 0 * p.detach().numpy()
            first = {"output": output.detach(), "gradients": ours(zero)}
        optimizer.step()
        losses.append(loss.item())
        if step in (1, STEPS):
            after[step] = ours(lambda p: p.detach().numpy().copy())
    return record(f"torch, epsilon {epsilon:g}", epsilon, first, losses, after)


def in_keras(epsilon):
    weights, x, y = data()
    model = keras.Sequential([keras.Input((T, I)), keras.layers.LSTM(H, use_cudnn=False), keras.layers.Dense(1)])
    for variable, value in zip(model.trainable_variables, weights.values()):
        variable.assign(value)
    optimizer = keras.optimizers.Adam(learning_rate=RATE, epsilon=epsilon)
    optimizer.build(model.trainable_variables)
    frozen = [variable.value for variable in model.non_trainable_variables]

    def ours(values):
        parts = zip(("0/", "1/"), (model.trainable_variables[:3], model.trainable_variables[3:]), (values[:3], values[3:]))
        return {prefix + key: value for prefix, own, numbers in parts for key, value in our_weights(own, numbers).items()}

    def loss_of(values):
        output, _ = model.stateless_call(values, frozen, jnp.array(x))
        return keras.losses.MeanSquaredError()(y, output), output

    first, losses, after = {}, [], {}
    for step in range(1, STEPS + 1):
        (loss, output), slopes = jax.value_and_grad(loss_of, has_aux=True)([v.value for v in model.trainable_variables])
        if step == 1:
            first = {"output": output, "gradients": ours(slopes)}
        optimizer.apply(slopes, model.trainable_variables)
        losses.append(float(loss))
        if step in (1, STEPS):
            after[step] = ours([variable.value for variable in model.trainable_variables])
    return record(f"keras, epsilon {epsilon:g}", epsilon, first, losses, after)


if __name__ == "__main__":
    write_torch("training-step-torch", [in_torch(1e-8), in_torch(1e-7)])
    write_keras("training-step-keras", [in_keras(1e-7), in_keras(1e-8)])
