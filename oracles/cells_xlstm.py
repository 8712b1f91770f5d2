"""
sLSTM and mLSTM [Beck et al. 2024], without any stabilizer: in float64 the exponentials of small numbers are exact enough, and what the
paper states is that the stabilized cell equals this one. The stored states are ours: scaled down by exp(m), with m as the paper has it.
"""

import math

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


norm = lambda v, scale=1: (v - v.mean()) / np.sqrt(v.var() + 1e-5) * scale
silu = lambda v: v * sigmoid(v)
gelu = np.vectorize(lambda v: v * (1 + math.erf(v / math.sqrt(2))) / 2)


def smooth(w, past, now):
    """The causal convolution, channel by channel, of the K - 1 steps before and this one."""
    return sum(w["convolutionKernel"][k] * row for k, row in enumerate([*past, now])) + w["convolutionBias"]


def by_head(h, heads, scale):
    return np.concatenate([norm(part) for part in np.split(h, heads)]) * scale


def slstm_block(heads, D=4, F=5, K=3):
    d = D // heads

    def step(w, x, state):
        u = norm(x, w["norm"])
        v = silu(smooth(w, state["convolution"], u))
        (Wi, Wf), (Wz, Wo) = blocks(w["gateKernel"], 2), blocks(w["kernel"], 2)
        h = state["cellHidden"].reshape(heads, d)
        R = np.stack([np.concatenate([h[k] @ blocks(w["recurrentKernel"][k], 4)[b] for k in range(heads)]) for b in range(4)])
        i, f, z, o = np.stack([v @ Wi, v @ Wf, u @ Wz, u @ Wo]) + R + np.split(w["bias"], 4)
        m = state["stabilizer"]
        c = sigmoid(f) * state["cellState"] * np.exp(m) + np.exp(i) * np.tanh(z)
        n = sigmoid(f) * state["normalizer"] * np.exp(m) + np.exp(i)
        m = np.maximum(np.log(sigmoid(f)) + m, i)
        shown = sigmoid(o) * c / n
        y = x + by_head(shown, heads, w["headNorm"])
        a, b = blocks(norm(y, w["forwardNorm"]) @ w["upKernel"], 2)
        return {
            "hiddenState": y + (gelu(a) * b) @ w["downKernel"], "convolution": np.vstack([state["convolution"][1:], u]),
            "cellHidden": shown, "cellState": c * np.exp(-m), "normalizer": n * np.exp(-m), "stabilizer": m,
        }

    shapes = {
        "norm": (D,), "convolutionKernel": (K, D), "convolutionBias": (D,), "gateKernel": (D, 2 * D), "kernel": (D, 2 * D),
        "recurrentKernel": (heads, d, 4 * d), "bias": (4 * D,), "headNorm": (D,), "forwardNorm": (D,), "upKernel": (D, 2 * F), "downKernel": (F, D),
    }
    states = {"hiddenState": (D,), "convolution": (K - 1, D), **{key: (D,) for key in ("cellHidden", "cellState", "normalizer", "stabilizer")}}
    options = {"heads": heads, "convolutionLength": K, "forwardUnits": F}
    return case(f"sLSTM block, {heads} heads", "SLSTMBlock", options, shapes, states, step, I=D, start={"normalizer": lambda n: 1 + np.abs(n)})


def mlstm_block(heads, D=3, K=3):
    E = 2 * D
    d = E // heads

    def step(w, x, state):
        up, z = blocks(norm(x, w["norm"]) @ w["upKernel"], 2)
        v = silu(smooth(w, state["convolution"], up))
        q, k, values = v @ w["queryKernel"], v @ w["keyKernel"], up @ w["valueKernel"]
        i, f = blocks(np.concatenate([q, k, values]) @ w["gateKernel"] + w["gateBias"], 2)
        out, new = [], {"cellState": [], "normalizer": [], "stabilizer": []}
        for a in range(heads):
            part = slice(a * d, a * d + d)
            m = state["stabilizer"][a]
            key = k[part] / np.sqrt(d)
            C = sigmoid(f[a]) * np.exp(m) * state["cellState"][a] + np.exp(i[a]) * np.outer(key, values[part])
            n = sigmoid(f[a]) * np.exp(m) * state["normalizer"][a] + np.exp(i[a]) * key
            m = max(np.log(sigmoid(f[a])) + m, i[a])
            out.append(np.exp(-m) * (q[part] @ C) / (np.exp(-m) * max(abs(q[part] @ n), 1.0) + 1e-6))
            for name, value in (("cellState", C * np.exp(-m)), ("normalizer", n * np.exp(-m)), ("stabilizer", m)):
                new[name].append(value)
        gated = (by_head(np.concatenate(out), heads, w["headNorm"]) + w["skip"] * v) * silu(z)
        return {
            "hiddenState": x + gated @ w["downKernel"], "convolution": np.vstack([state["convolution"][1:], up]),
            **{name: np.array(value) for name, value in new.items()},
        }

    shapes = {
        "norm": (D,), "upKernel": (D, 2 * E), "convolutionKernel": (K, E), "convolutionBias": (E,), "queryKernel": (E, E),
        "keyKernel": (E, E), "valueKernel": (E, E), "gateKernel": (3 * E, 2 * heads), "gateBias": (2 * heads,), "headNorm": (E,),
        "skip": (E,), "downKernel": (E, D),
    }
    states = {
        "hiddenState": (D,), "convolution": (K - 1, E), "cellState": (heads, d, d), "normalizer": (heads, d), "stabilizer": (heads,),
    }
    options = {"heads": heads, "convolutionLength": K, "chunkLength": 2}
    return case(f"mLSTM block, {heads} heads", "MLSTMBlock", options, shapes, states, step, I=D)


if __name__ == "__main__":
    save("cells-xlstm", "numpy", np.__version__, [
        slstm(1, "sigmoid"), slstm(2, "exponential"), mlstm(1), mlstm(2), slstm_block(1), slstm_block(2), mlstm_block(1), mlstm_block(3),
    ])
