"""The canonical RNN, and the vanilla and augmented LSTM [Sherstinsky 2020, Eq. 30-31, 126-136, 196-214], in the paper's own names."""

import numpy as np

from cells_numpy import blocks, case, sigmoid
from write import save

H, I = 3, 2


def canonical():
    def step(w, x, state):
        s = w["stateKernel"].T @ state["cellState"] + w["recurrentKernel"].T @ state["hiddenState"] + w["kernel"].T @ x + w["bias"]
        return {"hiddenState": np.tanh(s), "cellState": s}

    shapes = {"kernel": (I, H), "recurrentKernel": (H, H), "stateKernel": (H, H), "bias": (H,)}
    return case("canonical RNN", "CanonicalRNN", {"units": H}, shapes, {"hiddenState": (H,), "cellState": (H,)}, step, I=I)


def lstm(name, external, projected):
    gates = ["cu", "cs", "du", "cr", "cx"][: 5 if external else 4]  # update, state, data update, readout, external input
    V = projected or H

    def step(w, x, state):
        s, v = state["cellState"], state["hiddenState"]
        named = lambda key, names: {n: part.T for n, part in zip(names, blocks(w[key], len(names)))}
        Wx, Wv, b = named("kernel", gates), named("recurrentKernel", gates), named("bias", gates)
        Ws = {**named("peepholeKernel", [n for n in gates if n not in ("du", "cr")]), "cr": w["outputPeephole"].T}
        a = lambda n, seen: Wx[n] @ x + Ws[n] @ seen + Wv[n] @ v + b[n]
        g_cu, g_cs = sigmoid(a("cu", s)), sigmoid(a("cs", s))
        g_cx = sigmoid(a("cx", s)) if external else 1
        u = np.tanh(g_cx * (Wx["du"] @ x) + Wv["du"] @ v + b["du"])
        s = g_cs * s + g_cu * u
        q = sigmoid(a("cr", s)) * np.tanh(s)
        return {"cellState": s, "hiddenState": w["projectionKernel"].T @ q if projected else q}

    n = len(gates)
    shapes = {
        "kernel": (I, n * H), "recurrentKernel": (V, n * H), "peepholeKernel": (H, (n - 2) * H), "outputPeephole": (H, H), "bias": (n * H,),
    }
    if projected:
        shapes["projectionKernel"] = (H, projected)
    options = {"units": H, "externalInputGate": external, "projection": projected}
    return case(name, "AugmentedLSTM", options, shapes, {"hiddenState": (V,), "cellState": (H,)}, step, I=I)


if __name__ == "__main__":
    save("cells-sherstinsky", "numpy", np.__version__, [
        canonical(), lstm("vanilla LSTM", False, None), lstm("augmented LSTM", True, None), lstm("augmented LSTM, projected", True, 2),
    ])
