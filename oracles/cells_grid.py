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


def grid_block(vectors, W, b, priority):
    """The vectors (h, m) of each dimension after the block; `priority` is transformed last, from what the others became."""
    N, after = len(vectors), list(vectors)
    order = [k for k in range(N) if k != priority] + ([priority] if priority is not None else [])
    for k in order:
        read = np.concatenate([(after if k == priority and j != k else vectors)[j][0] for j in range(N)])
        after[k] = transition(read @ blocks(W, N)[k] + blocks(b, N)[k], vectors[k][1])
    return after


def grid_form(depth, tied, priority):
    def step(w, x, state):
        vector, times = tuple(blocks(x @ w["inputKernel"], 2)), []
        for level in range(depth):
            prefix = "shared" if tied else level
            at = [(state["timeHidden"][level], state["timeMemory"][level]), vector]
            time, vector = grid_block(at, w[f"{prefix}/kernel"], w[f"{prefix}/bias"], ["time", "depth"].index(priority) if priority else None)
            times.append(time)
        return {"hiddenState": vector[0], "timeHidden": np.array([t[0] for t in times]), "timeMemory": np.array([t[1] for t in times])}

    shapes = {"inputKernel": (I, 2 * H)}
    for prefix in ["shared"] if tied else range(depth):
        shapes |= {f"{prefix}/kernel": (2 * H, 8 * H), f"{prefix}/bias": (8 * H,)}
    options = {"units": H, "depth": depth, "tied": tied, "priority": priority}
    states = {"hiddenState": (H,), "timeHidden": (depth, H), "timeMemory": (depth, H)}
    return case(f"grid LSTM, depth {depth}, tied {tied}, priority {priority}", "GridLSTM", options, shapes, states, step, I=I)


def grid_nd(sizes, backwards, depth, tied=False, priority=None, masked=False):
    """Blocks of n + 1 dimensions; `known` holds, for each position, level and axis, what the block there passes on along the axis."""
    n, B = len(sizes), 2
    N = n + 1
    name = f"grid LSTM over {sizes}, {backwards}, depth {depth}, tied {tied}, priority {priority}{', mask' * masked}"
    draw = Draw(name)
    weights = {"inputKernel": draw.normal(I, 2 * H)}
    for prefix in ["shared"] if tied else range(depth):
        weights |= {f"{prefix}/kernel": draw.normal(N * H, 4 * N * H), f"{prefix}/bias": draw.normal(4 * N * H)}
    x = draw.normal(B, *sizes, I, scale=1)
    mask = (draw.uniform(B, *sizes) > 0.3).astype(float) if masked else np.ones((B, *sizes))
    out = np.zeros((B, *sizes, H))
    for b in range(B):
        known = {}
        for at in itertools.product(*(range(size)[:: -1 if back else 1] for size, back in zip(sizes, backwards))):
            if not mask[(b, *at)]:
                continue
            vector = tuple(blocks(x[(b, *at)] @ weights["inputKernel"], 2))
            for level in range(depth):
                before = []
                for k in range(n):
                    there = list(at)
                    there[k] += 1 if backwards[k] else -1
                    before.append(known.get((tuple(there), level, k), (np.zeros(H), np.zeros(H))))
                prefix = "shared" if tied else level
                last = n if priority == "depth" else None if priority is None else priority - 1
                *along, vector = grid_block([*before, vector], weights[f"{prefix}/kernel"], weights[f"{prefix}/bias"], last)
                known |= {(at, level, k): along[k] for k in range(n)}
            out[(b, *at)] = vector[0]
    return {
        "name": name,
        "layer": "GridLSTMND",
        "options": {"units": H, "dimensions": n, "goBackwards": backwards, "depth": depth, "tied": tied, "priority": priority},
        "weights": tensors(weights),
        "inputs": {"x": tensor(x), **({"mask": tensor(mask)} if masked else {})},
        "expected": {"output": tensor(out)},
    }


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
        grid_form(2, True, None), grid_form(2, False, "time"), grid_form(2, True, "depth"),
        grid_nd([3, 3], [False, False], 1), grid_nd([2, 3], [True, False], 2, tied=True, priority="depth"),
        grid_nd([2, 2, 2], [False, True, False], 1, priority=2), grid_nd([3, 3], [False, True], 2, masked=True),
    ])
