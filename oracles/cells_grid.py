"""Grid LSTM over time and depth [Kalchbrenner et al. 2015], dilated RNN [Chang et al. 2017], multi-dimensional LSTM [Graves et al. 2007]."""

import itertools

import numpy as np

from cells_numpy import blocks, case, sigmoid
from write import Draw, save, tensor, tensors

H, I = 3, 2


def transition(raw, m):
    i, f, g, o = blocks(raw, 4)
    m = sigmoid(f) * m + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(m), m


def grid(depth):
    def step(w, x, state):
        h, m = blocks(x @ w["inputKernel"], 2)
        times = []
        for level in range(depth):
            both = np.concatenate([state["timeHidden"][level], h])
            raw = both @ w[f"{level}/kernel"] + w[f"{level}/bias"]
            times.append(transition(raw[: 4 * H], state["timeMemory"][level]))
            h, m = transition(raw[4 * H :], m)
        return {"hiddenState": h, "timeHidden": np.array([t[0] for t in times]), "timeMemory": np.array([t[1] for t in times])}

    shapes = {"inputKernel": (I, 2 * H)}
    for level in range(depth):
        shapes |= {f"{level}/kernel": (2 * H, 8 * H), f"{level}/bias": (8 * H,)}
    states = {"hiddenState": (H,), "timeHidden": (depth, H), "timeMemory": (depth, H)}
    return case(f"grid LSTM, depth {depth}", "GridLSTM", {"units": H, "depth": depth}, shapes, states, step, I=I)


def dilated(d):
    """h_t from h_{t-d}: the list of all states, and an index into it."""

    def step(w, x, state):
        past = list(state["hiddenState"])
        past.append(np.tanh(x @ w["kernel"] + past[-d] @ w["recurrentKernel"] + w["bias"]))
        return {"hiddenState": np.array(past[-d:])}

    shapes = {"kernel": (I, H), "recurrentKernel": (H, H), "bias": (H,)}
    cell = {"type": "DilatedCell", "options": {"dilation": d, "cell": {"type": "SimpleRNNCell", "options": {"units": H}}}}
    return case(f"dilated by {d}", "RNN", {"cells": cell}, shapes, {"hiddenState": (d, H)}, step, I=I, T=7, show=lambda w, s: s["hiddenState"][-1])


def multi(sizes, backwards, peepholes=False, masked=False):
    """Positions are visited in the order of the directions; one that is masked, or outside the grid, has h = c = 0."""
    n, B = len(sizes), 2
    name = f"MDLSTM over {sizes}, {backwards}{', peepholes' * peepholes}{', mask' * masked}"
    draw = Draw(name)
    weights = {"kernel": draw.normal(I, (3 + n) * H), "recurrentKernel": draw.normal(n * H, (3 + n) * H), "bias": draw.normal((3 + n) * H)}
    x = draw.normal(B, *sizes, I, scale=1)
    if peepholes:
        weights["peepholes"] = draw.normal((2 + n) * H)
    p = blocks(weights["peepholes"], 2 + n) if peepholes else np.zeros((2 + n, H))
    mask = (draw.uniform(B, *sizes) > 0.3).astype(float) if masked else np.ones((B, *sizes))
    out = np.zeros((B, *sizes, H))
    for b in range(B):
        known = {}
        for at in itertools.product(*(range(size)[:: -1 if back else 1] for size, back in zip(sizes, backwards))):
            if not mask[(b, *at)]:
                continue
            raw = x[(b, *at)] @ weights["kernel"] + weights["bias"]
            befores = []
            for k in range(n):
                there = list(at)
                there[k] += 1 if backwards[k] else -1
                h, c = known.get(tuple(there), (np.zeros(H), np.zeros(H)))
                raw = raw + h @ np.split(weights["recurrentKernel"], n, axis=0)[k]
                befores.append(c)
            i, *fs, g, o = blocks(raw, 3 + n)
            c = sigmoid(i + p[0] * sum(befores)) * np.tanh(g)
            for k in range(n):
                c = c + sigmoid(fs[k] + p[1 + k] * befores[k]) * befores[k]
            known[at] = (sigmoid(o + p[1 + n] * c) * np.tanh(c), c)
            out[(b, *at)] = known[at][0]
    return {
        "name": name,
        "layer": "MDLSTM",
        "options": {"units": H, "dimensions": n, "goBackwards": backwards, **({"peepholes": True} if peepholes else {})},
        "weights": tensors(weights),
        "inputs": {"x": tensor(x), **({"mask": tensor(mask)} if masked else {})},
        "expected": {"output": tensor(out)},
    }


if __name__ == "__main__":
    save("cells-grid", "numpy", np.__version__, [
        grid(1), grid(3), dilated(1), dilated(3), multi([3, 4], [False, False]), multi([3, 4], [True, False]), multi([2, 3, 2], [False, True, True]),
        multi([5], [False], peepholes=True), multi([3, 4], [False, True], peepholes=True), multi([2, 2, 3], [True, False, True], peepholes=True),
        multi([2, 2, 2, 2], [False, True, True, False], peepholes=True), multi([4, 4], [True, True], masked=True),
        multi([3, 4], [False, True], peepholes=True, masked=True),
    ])
