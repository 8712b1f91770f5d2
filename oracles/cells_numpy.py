"""
What the scripts of cells share: they run a step, written from the paper with plain column-vector equations, over each row of a batch on
its own, and lay the random weights out as ours. `W x` stands for `x @ W`, since our weights multiply from the right.
"""

import numpy as np

from write import Draw, tensor, tensors

sigmoid = lambda z: 1 / (1 + np.exp(-z))


def blocks(matrix, count):
    """The blocks of a weight's last axis, in our order."""
    return np.split(matrix, count, axis=-1)


def case(name, layer, options, shapes, states, step, *, B=2, T=4, I=3, show="hiddenState", start={}):
    """
    A case: weights of `shapes` and initial `states` (shapes without the batch) drawn at random; `step(weights, x, state)` on single
    rows gives the next state. `I` may be the shape of a grid. Every second case has a mask with holes. `show` names the part of
    the state that is the output, or works it out. `start` bends initial states to what a cell can reach.
    """
    draw = Draw(name)
    weights = {key: draw.normal(*shape) for key, shape in shapes.items()}
    x = draw.normal(B, T, *np.atleast_1d(I), scale=1)
    initial = {key: start.get(key, np.asarray)(draw.normal(B, *shape, scale=0.5)) for key, shape in states.items()}
    mask = (draw.uniform(B, T) > 0.25).astype(float) if draw.integers(1, high=2)[0] else np.ones((B, T))
    output, last = [], {key: [] for key in states}
    for b in range(B):
        state = {key: value[b] for key, value in initial.items()}
        shown = []
        for t in range(T):
            if mask[b, t]:
                state = step(weights, x[b, t], state)
            shown.append(show(weights, state) if callable(show) else state[show])
        output.append(shown)
        for key in states:
            last[key].append(state[key])
    inputs = {"x": tensor(x), "initialState": tensors(initial)}
    if not mask.all():
        inputs["mask"] = tensor(mask)
    return {
        "name": name,
        "layer": layer,
        "options": {**options, "returnSequences": True},
        "weights": tensors(weights),
        "inputs": inputs,
        "expected": {"output": tensor(output), **{key: tensor(value) for key, value in last.items()}},
    }
