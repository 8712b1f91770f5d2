"""SRU [Lei et al. 2018], QRNN [Bradbury et al. 2017], minGRU and minLSTM [Feng et al. 2024], one step at a time."""

import numpy as np

from cells_numpy import blocks, case, sigmoid
from write import save

H, I = 3, 2


def sru(features, highway):
    alpha = np.sqrt(1 + 2 * np.exp(highway))

    def step(w, x, state):
        c = state["cellState"]
        parts = blocks(w["kernel"], 3 if features == H else 4)
        skip = x if features == H else x @ parts[3]
        (vf, vr), (bf, br) = blocks(w["recurrentKernel"], 2), blocks(w["bias"], 2)
        f = sigmoid(x @ parts[1] + vf * c + bf)
        r = sigmoid(x @ parts[2] + vr * c + br)
        new = f * c + (1 - f) * (x @ parts[0])
        return {"hiddenState": r * new + (1 - r) * skip * alpha, "cellState": new}

    shapes = {"kernel": (features, (3 if features == H else 4) * H), "recurrentKernel": (2 * H,), "bias": (2 * H,)}
    states = {"hiddenState": (H,), "cellState": (H,)}
    return case(f"SRU, {features} features", "SRU", {"units": H, "highwayBias": highway}, shapes, states, step, I=features)


def normalize(x, gain, shift):
    return (x - x.mean()) / np.sqrt(x.var() + 1e-5) * gain + shift


def sru_form(features, highway=True, projection=None, norm=None, activation="linear"):
    """The options of the authors' package; its skip term of a fourth block has our α (here of highway bias 0) in the block itself."""
    alpha, count = np.sqrt(3), 4 if highway and features != H else 3

    def step(w, x, state):
        c = state["cellState"]
        seen = normalize(x, w["normGain"], w["normShift"]) if norm == "before" else x
        low = seen @ w["projectionKernel"] if projection else seen
        products = [low @ part for part in blocks(w["kernel"], count)]
        (vf, vr), (bf, br) = blocks(w["recurrentKernel"], 2), blocks(w["bias"], 2)
        f = sigmoid(products[1] + vf * c + bf)
        r = sigmoid(products[2] + vr * c + br)
        new = f * c + (1 - f) * products[0]
        h = r * (np.tanh(new) if activation == "tanh" else new)
        if highway:
            h = h + (1 - r) * alpha * (products[3] if count == 4 else x)
        return {"hiddenState": normalize(h, w["normGain"], w["normShift"]) if norm == "after" else h, "cellState": new}

    shapes = {"kernel": (projection or features, count * H), "recurrentKernel": (2 * H,), "bias": (2 * H,)}
    if projection:
        shapes["projectionKernel"] = (features, projection)
    if norm:
        shapes |= {name: (features if norm == "before" else H,) for name in ("normGain", "normShift")}
    options = {"units": H, "highway": highway, "projection": projection, "layerNorm": norm, "activation": activation}
    name = f"SRU, {features} features, highway {highway}, projection {projection}, norm {norm}"
    return case(name, "SRU", options, shapes, {"hiddenState": (H,), "cellState": (H,)}, step, I=features)


def qrnn(window, pooling):
    gates = {"f": 2, "fo": 3, "ifo": 4}[pooling]

    def step(w, x, state):
        W = np.split(w["kernel"], window, axis=0)
        raw = sum(part @ matrix for part, matrix in zip([x, state.get("previousInput")], W)) + w["bias"]
        z, f, *more = blocks(raw, gates)
        z, f = np.tanh(z), sigmoid(f)
        i = sigmoid(more[1]) if pooling == "ifo" else 1 - f
        c = f * state["cellState"] + i * z
        h = c if pooling == "f" else sigmoid(more[0]) * c
        return {"hiddenState": h, "cellState": c, **({"previousInput": x} if window == 2 else {})}

    states = {"hiddenState": (H,), "cellState": (H,), **({"previousInput": (I,)} if window == 2 else {})}
    shapes = {"kernel": (window * I, gates * H), "bias": (gates * H,)}
    return case(f"QRNN, window {window}, {pooling}", "QRNN", {"units": H, "window": window, "pooling": pooling}, shapes, states, step, I=I)


g = lambda v: np.where(v >= 0, v + 0.5, sigmoid(v))


def minimal(layer, activation):
    act = g if activation == "positive" else np.tanh

    def step(w, x, state):
        h = state["hiddenState"]
        if layer == "MinGRU":
            z, v = blocks(x @ w["kernel"] + w["bias"], 2)
            return {"hiddenState": (1 - sigmoid(z)) * h + sigmoid(z) * act(v)}
        f, i, v = blocks(x @ w["kernel"] + w["bias"], 3)
        f, i = sigmoid(f), sigmoid(i)
        return {"hiddenState": f / (f + i) * h + i / (f + i) * act(v)}

    width = (2 if layer == "MinGRU" else 3) * H
    options = {"units": H, "activation": activation}
    return case(f"{layer}, {activation}", layer, options, {"kernel": (I, width), "bias": (width,)}, {"hiddenState": (H,)}, step, I=I, T=7)


if __name__ == "__main__":
    save("cells-parallel", "numpy", np.__version__, [
        sru(H, 0), sru(I, -1),
        sru_form(H, highway=False, activation="tanh"), sru_form(I, projection=1), sru_form(H, projection=2, norm="before"),
        sru_form(I, highway=False, norm="before"), sru_form(H, norm="after"), sru_form(I, projection=2, norm="after"),
        *(qrnn(window, pooling) for window in (1, 2) for pooling in ("f", "fo", "ifo")),
        *(minimal(layer, activation) for layer in ("MinGRU", "MinLSTM") for activation in ("positive", "tanh")),
    ])
