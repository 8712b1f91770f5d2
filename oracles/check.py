"""
Checks the committed values: every file parses and is small; every layer case agrees with `reference.py`; every gradient is the
slope of its loss in a random direction; swapping two gate blocks changes the output; both frameworks agree on the training step;
losses and the plainest optimizers agree with their formulas.
"""

import itertools
import json

import numpy as np

from reference import ACTIVATIONS, GATES, apply, read
from write import VALUES, untensor

LIMIT = 150_000  # bytes a file


def require(truth, message):
    if not truth:
        raise AssertionError(message)


def close(found, wanted, rtol, atol):
    return found.shape == wanted.shape and np.allclose(found, wanted, rtol=rtol, atol=atol)


def check_values(case, rtol, atol):
    weights, x, mask, initial = read(case)
    found = apply(case["layer"], case["options"], weights, x, mask, initial)
    valid = mask[..., None] if case.get("validStepsOnly") else 1
    for key, stored in case["expected"].items():
        if key in ("loss", "gradients", "losses", "weightsAfter"):
            continue
        keep = valid if key == "output" else 1
        require(close(found[key] * keep, untensor(stored) * keep, rtol, atol), f"{case['name']}: {key} differs from the reference.")
    return found


def check_gradients(case):
    """d loss / dε along one random direction through weights, x and initial states, against the stored gradients."""
    weights, x, mask, initial = read(case)
    upstream = {key: untensor(value) for key, value in case["upstream"].items()}
    gradients = {key: untensor(value) for key, value in case["expected"]["gradients"].items()}
    require(set(gradients) <= {*weights, "x", *initial}, f"{case['name']}: a gradient of something that is not an input.")
    require(set(gradients) >= {*weights, *initial}, f"{case['name']}: an input without a gradient.")
    generator = np.random.default_rng(3)
    direction = {key: generator.normal(size=value.shape) for key, value in gradients.items()}
    masking = next((layer["options"] for layer in case["options"].get("layers", []) if layer["layer"] == "masking"), None)
    if masking:
        direction["x"] *= x != masking["maskValue"]  # moved by any ε, these would no longer be masked

    def loss(e):
        moved = lambda named: {key: value + e * direction[key] if key in direction else value for key, value in named.items()}
        values = apply(case["layer"], case["options"], moved(weights), moved({"x": x})["x"], mask, moved(initial))
        return sum(np.sum(values[key] * weight) for key, weight in upstream.items())

    require(np.isclose(loss(0), case["expected"]["loss"], rtol=1e-10, atol=1e-10), f"{case['name']}: the loss is not Σ upstream · value.")
    slope = (loss(1e-6) - loss(-1e-6)) / 2e-6
    stored = sum(np.sum(gradients[key] * step) for key, step in direction.items())
    require(np.isclose(slope, stored, rtol=1e-6, atol=1e-7), f"{case['name']}: gradient {stored} against slope {slope}.")


def check_swaps(case, kind):
    """The least change of any expected value when two blocks of gates change places in all weights of a direction."""
    weights, x, mask, initial = read(case)
    before = apply(case["layer"], case["options"], weights, x, mask, initial)
    changes = []
    for a, b in itertools.combinations(range(GATES[kind]), 2):
        order = list(range(GATES[kind]))
        order[a], order[b] = b, a
        blocks = lambda value: np.concatenate([np.split(value, GATES[kind], axis=-1)[k] for k in order], axis=-1)
        after = apply(case["layer"], case["options"], {key: blocks(value) for key, value in weights.items()}, x, mask, initial)
        changes.append(max(np.abs(after[key] - before[key]).max() for key in before))
    return min(changes, default=np.inf)


def check_layers(document):
    exact = document["precision"] == "float64"
    rtol, atol = (1e-10, 1e-11) if exact else (1e-5, 1e-6)  # twelve digits stored; float32 sums of a few terms
    least = np.inf
    for case in document["cases"]:
        if "output" not in case["expected"] and "forward/output" not in case["expected"]:
            continue  # initial weights: nothing was run
        check_values(case, rtol, atol)
        if "upstream" in case:
            check_gradients(case)
        kind = case["options"].get("layer", {}).get("layer", case["layer"])
        if kind in GATES:
            change = check_swaps(case, kind)
            require(change > 1e-2, f"{case['name']}: swapped gates change the output by {change:.1e} only.")
            least = min(least, change)
    return least


def check_training(documents):
    """Loss and gradients before any step do not depend on the framework; weights after a step depend on epsilon alone."""
    torch, keras = (documents[f"training-step-{name}"]["cases"][0]["expected"] for name in ("torch", "keras"))
    require(np.isclose(torch["loss"], keras["loss"], rtol=1e-11), "training step: the frameworks differ in the loss.")
    for key, stored in torch["gradients"].items():
        require(close(untensor(stored), untensor(keras["gradients"][key]), 1e-9, 1e-11), f"training step: gradients of {key} differ.")


def check_optimizers(document):
    """SGD, momentum and Adam by their formulas: enough to see that every step was taken in float64."""
    cases = {case["name"]: case for case in document["cases"]}
    for name, rule in {"sgd": sgd, "sgd, momentum": momentum, "adam": adam}.items():
        case = cases[name]
        for key in ("a", "b"):
            w, slots = untensor(case["weights"][key]), {"m": 0.0, "v": 0.0}
            for step, gradient in enumerate(case["gradients"], start=1):
                w = rule(w, untensor(gradient[key]), slots, step, case["options"])
                stored = case["expected"]["weightsAfter"].get(str(step))
                require(stored is None or close(w, untensor(stored[key]), 1e-10, 1e-11), f"optimizer {name}: {key} after step {step}.")


def log_softmax(z):
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def huber(e, delta):
    return np.where(np.abs(e) <= delta, e**2 / 2, delta * np.abs(e) - delta**2 / 2)


def unit(v):
    return v / np.sqrt((v**2).sum(axis=-1, keepdims=True))


# y true, p predicted or logits, o options → one number a sample. Where Keras adds or clips by epsilon, so do these.
LOSSES = {
    "meanSquaredError": lambda y, p, o: ((y - p) ** 2).mean(-1),
    "meanAbsoluteError": lambda y, p, o: np.abs(y - p).mean(-1),
    "huber": lambda y, p, o: huber(y - p, o.get("delta", 1)).mean(-1),
    "logCosh": lambda y, p, o: np.log(np.cosh(p - y)).mean(-1),
    "cosineSimilarity": lambda y, p, o: -(unit(y) * unit(p)).sum(-1),
    "poisson": lambda y, p, o: (p - y * np.log(p + 1e-7)).mean(-1),
    "klDivergence": lambda y, p, o: (np.clip(y, 1e-7, 1) * np.log(np.clip(y, 1e-7, 1) / np.clip(p, 1e-7, 1))).sum(-1),
    "binaryCrossentropy": lambda y, p, o: (np.maximum(p, 0) - p * y + np.log1p(np.exp(-np.abs(p)))).mean(-1),
    "categoricalCrossentropy": lambda y, p, o: -(y * log_softmax(p)).sum(-1),
    "sparseCategoricalCrossentropy": lambda y, p, o: -np.take_along_axis(log_softmax(p), y.astype(int)[..., None], -1)[..., 0],
}


def smooth(kind, y, amount):
    return y * (1 - amount) + amount / (2 if kind == "binaryCrossentropy" else y.shape[-1]) if amount else y


def check_loss(case):
    """The definition, Keras' reduction (Σ weight · loss over the number of valid samples), and the slope in a random direction."""
    inputs, options = {key: untensor(value) for key, value in case["inputs"].items()}, case["options"]
    if options.get("fromLogits") is False:
        return  # clipped probabilities: Keras' own rule, recorded as it is
    y = smooth(case["loss"], inputs["yTrue"], options.get("labelSmoothing", 0))

    def reduced(prediction):
        each = LOSSES[case["loss"]](y, prediction, options)
        valid = inputs.get("mask", np.ones_like(each))
        return (each * valid * inputs.get("sampleWeight", 1)).sum() / valid.sum(), each

    loss, each = reduced(inputs["yPred"])
    require(np.isclose(loss, case["expected"]["loss"], rtol=1e-10), f"loss {case['name']}: {loss} is not {case['expected']['loss']}.")
    require(close(each, untensor(case["expected"]["perSample"]), 1e-10, 1e-11), f"loss {case['name']}: perSample differs.")
    direction = np.random.default_rng(5).normal(size=inputs["yPred"].shape)
    slope = (reduced(inputs["yPred"] + 1e-6 * direction)[0] - reduced(inputs["yPred"] - 1e-6 * direction)[0]) / 2e-6
    stored = (untensor(case["expected"]["gradients"]["yPred"]) * direction).sum()
    require(np.isclose(slope, stored, rtol=1e-6, atol=1e-7), f"loss {case['name']}: gradient {stored} against slope {slope}.")


def check_activation(case):
    act = ACTIVATIONS.get(case["activation"])
    found = None if act is None else act(untensor(case["inputs"]["x"]))
    require(act is None or close(found, untensor(case["expected"]["output"]), 1e-10, 1e-11), f"activation {case['name']} differs.")


def sgd(w, g, slots, step, options):
    return w - options["learningRate"] * g


def momentum(w, g, slots, step, options):
    slots["m"] = options["momentum"] * slots["m"] - options["learningRate"] * g
    return w + slots["m"]


def adam(w, g, slots, step, options):
    slots["m"] = 0.9 * slots["m"] + 0.1 * g
    slots["v"] = 0.999 * slots["v"] + 0.001 * g**2
    rate = options["learningRate"] * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    return w - rate * slots["m"] / (np.sqrt(slots["v"]) + 1e-7)


if __name__ == "__main__":
    paths = sorted(VALUES.glob("*.json"))
    documents = {path.stem: json.loads(path.read_text()) for path in paths}
    for path in paths:
        require(path.stat().st_size < LIMIT, f"{path.name} is larger than {LIMIT} bytes.")
    for name, document in documents.items():
        if name.startswith("cells-") or "-conv" in name or "-attention" in name:
            continue  # the scripts of cells are definitions in NumPy; convolution has its definition among the tests; two frameworks agree on heads
        if all("layer" in case for case in document["cases"]):
            least = check_layers(document)
            swapped = "" if least == np.inf else f", swapped gates change a value by {least:.2f} or more"
            print(f"{name}: {len(document['cases'])} cases agree with the reference{swapped}")
    check_training(documents)
    check_optimizers(documents["keras-optimizers"])
    for case in documents["keras-losses"]["cases"]:
        check_loss(case)
    for case in documents["keras-activations"]["cases"]:
        check_activation(case)
    print(f"{len(paths)} files, {sum(path.stat().st_size for path in paths) // 1024} KB: all checks passed")
