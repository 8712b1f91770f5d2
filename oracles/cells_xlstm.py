"""
sLSTM and mLSTM [Beck et al. 2024], without any stabilizer: in float64 the exponentials of small numbers are exact enough, and what the
paper states is that the stabilized cell equals this one. The stored states are ours: scaled down by exp(m), with m as the paper has it.
"""

import numpy as np

from cells_numpy import blocks, case, sigmoid
from write import save

H, I = 4, 3


def slstm(heads, gate):
    d = H // heads

    def step(w, x, state):
        m = state["stabilizer"]
        h = state["hiddenState"].reshape(heads, d)
        R = np.stack([np.concatenate([h[k] @ blocks(w["recurrentKernel"][k], 4)[b] for k in range(heads)]) for b in range(4)])
        i, f, z, o = np.split(x @ w["kernel"] + w["bias"], 4) + R
        log_f = f if gate == "exponential" else np.log(sigmoid(f))
        # unscaled: c and n grow with the exponentials themselves
        c = np.exp(log_f) * state["cellState"] * np.exp(m) + np.exp(i) * np.tanh(z)
        n = np.exp(log_f) * state["normalizer"] * np.exp(m) + np.exp(i)
        m = np.maximum(log_f + m, i)
        return {"hiddenState": sigmoid(o) * c / n, "cellState": c * np.exp(-m), "normalizer": n * np.exp(-m), "stabilizer": m}

    names = ("hiddenState", "cellState", "normalizer", "stabilizer")
    shapes = {"kernel": (I, 4 * H), "recurrentKernel": (heads, d, 4 * d), "bias": (4 * H,)}
    options = {"units": H, "heads": heads, "forgetGate": gate}
    start = {"normalizer": lambda n: 1 + np.abs(n)}
    return case(f"sLSTM, {heads} heads, {gate}", "SLSTM", options, shapes, {k: (H,) for k in names}, step, I=I, start=start)


def mlstm(heads):
    d = H // heads

    def step(w, x, state):
        q, k, v, o = blocks(x @ w["kernel"] + w["bias"], 4)
        i, f = blocks(x @ w["gateKernel"] + w["gateBias"], 2)
        new = {"cellState": [], "normalizer": [], "stabilizer": []}
        out = []
        for a in range(heads):
            part = slice(a * d, a * d + d)
            m, log_f = state["stabilizer"][a], np.log(sigmoid(f[a]))
            key = k[part] / np.sqrt(d)
            C = np.exp(log_f + m) * state["cellState"][a] + np.exp(i[a]) * np.outer(key, v[part])
            n = np.exp(log_f + m) * state["normalizer"][a] + np.exp(i[a]) * key
            m = max(log_f + m, i[a])
            # the authors add 1e-6 to the scaled denominator
            out.append(np.exp(-m) * (q[part] @ C) / (np.exp(-m) * max(abs(q[part] @ n), 1.0) + 1e-6))
            for name, value in (("cellState", C * np.exp(-m)), ("normalizer", n * np.exp(-m)), ("stabilizer", m)):
                new[name].append(value)
        return {"hiddenState": sigmoid(o) * np.concatenate(out), **{name: np.array(value) for name, value in new.items()}}

    shapes = {"kernel": (I, 4 * H), "gateKernel": (I, 2 * heads), "bias": (4 * H,), "gateBias": (2 * heads,)}
    states = {"hiddenState": (H,), "cellState": (heads, d, d), "normalizer": (heads, d), "stabilizer": (heads,)}
    return case(f"mLSTM, {heads} heads", "MLSTM", {"units": H, "heads": heads, "chunkLength": 3}, shapes, states, step, I=I, T=7)


if __name__ == "__main__":
    save("cells-xlstm", "numpy", np.__version__, [
        slstm(1, "sigmoid"), slstm(2, "exponential"), mlstm(1), mlstm(2),
    ])
