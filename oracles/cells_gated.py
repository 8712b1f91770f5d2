"""MGU [Zhou et al. 2016; and as Flax has it], MUT1-3 [Jozefowicz et al. 2015], IndRNN [Li et al. 2018], from their equations."""

import numpy as np

from cells_numpy import blocks, case, sigmoid
from write import save

H, I = 3, 2
HIDDEN = {"hiddenState": (H,)}


def mgu(form):
    def step(w, x, state):
        h = state["hiddenState"]
        Wf, Wh = blocks(w["kernel"], 2)
        bf, bh = blocks(w["bias"], 2)
        f = sigmoid(x @ Wf + h @ w["recurrentKernel"] + bf)
        if form == "paper":
            n = np.tanh(x @ Wh + (f * h) @ w["candidateKernel"] + bh)
            return {"hiddenState": (1 - f) * h + f * n}
        n = np.tanh(x @ Wh + bh + f * (h @ w["candidateKernel"] + w["recurrentBias"]))
        return {"hiddenState": (1 - f) * n + f * h}

    shapes = {"kernel": (I, 2 * H), "recurrentKernel": (H, H), "candidateKernel": (H, H), "bias": (2 * H,)}
    if form == "flax":
        shapes["recurrentBias"] = (H,)
    return case(f"MGU, {form}", "MGU", {"units": H, "form": form}, shapes, HIDDEN, step, I=I)


def mut(variant, features):
    def step(w, x, state):
        h = state["hiddenState"]
        bz, br, bh = blocks(w["bias"], 3)
        itself = x if features == H else x @ w.get("inputKernel", np.zeros((features, H)))
        if variant == 1:
            Wz, Wr = blocks(w["kernel"], 2)
            z = sigmoid(x @ Wz + bz)
            r = sigmoid(x @ Wr + h @ w["resetKernel"] + br)
            n = np.tanh((r * h) @ w["candidateKernel"] + np.tanh(itself) + bh)
        elif variant == 2:
            Wz, Wh = blocks(w["kernel"], 2)
            z = sigmoid(x @ Wz + h @ w["updateKernel"] + bz)
            r = sigmoid(itself + h @ w["resetKernel"] + br)
            n = np.tanh((r * h) @ w["candidateKernel"] + x @ Wh + bh)
        else:
            Wz, Wr, Wh = blocks(w["kernel"], 3)
            z = sigmoid(x @ Wz + np.tanh(h) @ w["updateKernel"] + bz)
            r = sigmoid(x @ Wr + h @ w["resetKernel"] + br)
            n = np.tanh((r * h) @ w["candidateKernel"] + x @ Wh + bh)
        return {"hiddenState": n * z + h * (1 - z)}

    shapes = {"kernel": (features, (3 if variant == 3 else 2) * H), "resetKernel": (H, H), "candidateKernel": (H, H), "bias": (3 * H,)}
    if variant != 1:
        shapes["updateKernel"] = (H, H)
    if variant != 3 and features != H:
        shapes["inputKernel"] = (features, H)
    return case(f"MUT{variant}, {features} features", "MUT", {"units": H, "variant": variant}, shapes, HIDDEN, step, I=features)


def ind_rnn():
    step = lambda w, x, s: {"hiddenState": np.maximum(x @ w["kernel"] + w["recurrentKernel"] * s["hiddenState"] + w["bias"], 0)}
    return case("IndRNN", "IndRNN", {"units": H}, {"kernel": (I, H), "recurrentKernel": (H,), "bias": (H,)}, HIDDEN, step, I=I)


def ind_rnn_normalized(activation):
    def step(w, x, s):
        z = x @ w["kernel"]
        z = (z - z.mean()) / np.sqrt(z.var() + 1e-5) * w["kernelGain"] + w["recurrentKernel"] * s["hiddenState"] + w["bias"]
        return {"hiddenState": np.tanh(z) if activation == "tanh" else np.maximum(z, 0)}

    shapes = {"kernel": (I, H), "recurrentKernel": (H,), "kernelGain": (H,), "bias": (H,)}
    options = {"units": H, "layerNorm": True, "activation": activation}
    return case(f"IndRNN, layer normalisation, {activation}", "IndRNN", options, shapes, HIDDEN, step, I=I)


if __name__ == "__main__":
    muts = [mut(variant, features) for variant in (1, 2, 3) for features in (H, I)]
    save("cells-gated", "numpy", np.__version__, [mgu("paper"), mgu("flax"), *muts, ind_rnn(), ind_rnn_normalized("relu"), ind_rnn_normalized("tanh")])
