"""
The recurrent layers once more, in a few lines of NumPy that read cases in our own layout and options.
`check.py` holds the frameworks' numbers against it, so a slip in a weight map or in a mask's meaning shows at once.
"""

import numpy as np

from write import untensor

sigmoid = lambda z: 1 / (1 + np.exp(-z))
ACTIVATIONS = {
    "linear": lambda z: z,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "sigmoid": sigmoid,
    "hardSigmoid": lambda z: np.clip(z / 6 + 0.5, 0, 1),
    "softsign": lambda z: z / (1 + np.abs(z)),
}
GATES = {"lstm": 4, "gru": 3, "simpleRnn": 1}
STATES = {"lstm": ["hiddenState", "cellState"], "gru": ["hiddenState"], "simpleRnn": ["hiddenState"]}


def step(kind, options, weights, x, state):
    act = ACTIVATIONS[options.get("activation", "tanh")]
    gate = ACTIVATIONS[options.get("recurrentActivation", "sigmoid")]
    W, R, b = weights["kernel"], weights["recurrentKernel"], weights.get("bias", 0)
    h = state[0]
    if kind == "simpleRnn":
        return [act(x @ W + h @ R + b)]
    if kind == "lstm":
        i, f, g, o = np.split(x @ W + h @ R + b, 4, axis=-1)
        c = gate(f) * state[1] + gate(i) * act(g)
        return [gate(o) * act(c), c]
    H = h.shape[-1]
    input_part = x @ W + b
    if options["resetAfter"]:
        recurrent = h @ R + weights.get("recurrentBias", 0)
        z, r = (gate(input_part[:, k * H : k * H + H] + recurrent[:, k * H : k * H + H]) for k in (0, 1))
        candidate = act(input_part[:, 2 * H :] + r * recurrent[:, 2 * H :])
    else:
        z, r = (gate(input_part[:, k * H : k * H + H] + h @ R[:, k * H : k * H + H]) for k in (0, 1))
        candidate = act(input_part[:, 2 * H :] + (r * h) @ R[:, 2 * H :])
    return [z * h + (1 - z) * candidate]


def scan(kind, options, weights, x, mask, state, zero):
    """Outputs in the order of processing, and the final state. A masked step holds the state; its output is h, or 0."""
    outputs = []
    for t in reversed(range(x.shape[1])) if options.get("goBackwards") else range(x.shape[1]):
        valid = np.ones((x.shape[0], 1), bool) if mask is None else mask[:, t : t + 1] > 0
        state = [np.where(valid, new, old) for new, old in zip(step(kind, options, weights, x[:, t], state), state)]
        outputs.append(np.where(valid, state[0], 0) if zero else state[0])
    return np.stack(outputs, axis=1), state


def under(named, prefix):
    return {key[len(prefix) :]: value for key, value in named.items() if key.startswith(prefix)}


def recurrent(kind, options, weights, x, mask, initial):
    zero = np.zeros((x.shape[0], options["units"]))
    state = [initial.get(name, zero) for name in STATES[kind]]
    outputs, final = scan(kind, options, weights, x, mask, state, options.get("zeroOutputForMask", False))
    shown = outputs if options.get("returnSequences") else outputs[:, -1]
    return {"output": shown, **dict(zip(STATES[kind], final))}


def bidirectional(options, weights, x, mask, initial):
    inner = options["layer"]
    found = {}
    for way in ("forward/", "backward/"):
        own = {**inner["options"], "goBackwards": way == "backward/", "zeroOutputForMask": inner["options"]["returnSequences"]}
        values = recurrent(inner["layer"], own, under(weights, way), x, mask, under(initial, way))
        found |= {way + key: value for key, value in values.items()}
    forward, backward = found.pop("forward/output"), found.pop("backward/output")
    if inner["options"]["returnSequences"]:
        backward = backward[:, ::-1]
    if options["mergeMode"] is None:
        return {"forward/output": forward, "backward/output": backward, **found}
    merge = {
        "concat": lambda a, b: np.concatenate([a, b], axis=-1), "sum": np.add, "mul": np.multiply, "ave": lambda a, b: (a + b) / 2,
    }
    return {"output": merge[options["mergeMode"]](forward, backward), **found}


def sequential(layers, weights, x):
    mask = None
    for index, layer in enumerate(layers):
        own, options = under(weights, f"{index}/"), layer["options"]
        if layer["layer"] == "embedding":
            mask, x = x != 0, own["embeddings"][x.astype(int)]
        elif layer["layer"] == "masking":
            mask = np.any(x != options["maskValue"], axis=-1)
            x = x * mask[..., None]
        else:
            x = apply(layer["layer"], options, own, x, mask, {})["output"]
            mask = mask if options.get("returnSequences") else None
    return {"output": x}


def apply(kind, options, weights, x, mask=None, initial=None):
    """Every value that the case's `expected` may name."""
    if kind in GATES:
        return recurrent(kind, options, weights, x, mask, initial or {})
    if kind == "bidirectional":
        return bidirectional(options, weights, x, mask, initial or {})
    if kind == "sequential":
        return sequential(options["layers"], weights, x)
    if kind == "timeDistributed":
        return apply(options["layer"]["layer"], options["layer"]["options"], weights, x)
    if kind == "dense":
        return {"output": ACTIVATIONS[options.get("activation", "linear")](x @ weights["kernel"] + weights["bias"])}
    if kind == "layerNormalization":
        centred = x - x.mean(axis=-1, keepdims=True)
        z = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + options["epsilon"])
        return {"output": z * weights.get("gamma", 1) + weights.get("beta", 0)}
    raise ValueError(f"Cannot check a case of layer {kind!r}: reference.py does not define it.")


def read(case):
    """Weights, x, mask (from `mask` or `sequenceLengths`) and initial state of a case as arrays."""
    inputs = case["inputs"]
    x = untensor(inputs["x"])
    mask = untensor(inputs["mask"]) if "mask" in inputs else None
    if "sequenceLengths" in inputs:
        mask = np.arange(x.shape[1])[None, :] < np.array(inputs["sequenceLengths"])[:, None]
    weights = {key: untensor(value) for key, value in case["weights"].items()}
    initial = {key: untensor(value) for key, value in inputs.get("initialState", {}).items()}
    return weights, x, mask, initial
