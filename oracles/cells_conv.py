"""
ConvLSTM with peepholes [Shi et al. 2015], Inception LSTM 1 and 2 [Hosseini et al. 2019] and PredNet [Lotter et al. 2016], from their equations.
A convolution is written out place by place; the plain one is held against Keras in keras_conv_lstm.py.
"""

import numpy as np

from cells_numpy import blocks, case, sigmoid
from write import save

H, W, I = 4, 4, 2
hard = lambda z: np.clip(0.2 * z + 0.5, 0, 1)
relu = lambda z: np.maximum(z, 0)


def conv(x, kernel, bias=0):
    """Windows of one image [h, w, c] with zeros around: the extra row or column of an even window is at the end."""
    kh, kw, _, F = kernel.shape
    top, left = (kh - 1) // 2, (kw - 1) // 2
    padded = np.pad(x, ((top, kh - 1 - top), (left, kw - 1 - left), (0, 0)))
    out = np.empty((*x.shape[:2], F))
    for p in range(x.shape[0]):
        for q in range(x.shape[1]):
            out[p, q] = np.einsum("ijc,ijcf->f", padded[p : p + kh, q : q + kw], kernel)
    return out + bias


def conv_lstm(peepholes, kernel, recurrent):
    F = 2

    def step(w, x, state):
        h, c = state["hiddenState"], state["cellState"]
        Wi, Wf, Wg, Wo = blocks(w["kernel"], 4)
        Ri, Rf, Rg, Ro = blocks(w["recurrentKernel"], 4)
        bi, bf, bg, bo = blocks(w["bias"], 4)
        Vi, Vf, Vo = blocks(w["peepholes"], 3)
        i = sigmoid(conv(x, Wi) + conv(h, Ri) + Vi * c + bi)
        f = sigmoid(conv(x, Wf) + conv(h, Rf) + Vf * c + bf)
        c = f * c + i * np.tanh(conv(x, Wg) + conv(h, Rg) + bg)
        o = sigmoid(conv(x, Wo) + conv(h, Ro) + Vo * c + bo)
        return {"hiddenState": o * np.tanh(c), "cellState": c}

    shapes = {
        "kernel": (*kernel, I, 4 * F),
        "recurrentKernel": (*recurrent, F, 4 * F),
        "peepholes": (3 * F,) if peepholes == "perChannel" else (H, W, 3 * F),
        "bias": (4 * F,),
    }
    options = {"filters": F, "kernelSize": list(kernel), "recurrentKernelSize": list(recurrent), "padding": "same", "peepholes": peepholes}
    states = {"hiddenState": (H, W, F), "cellState": (H, W, F)}
    return case(f"ConvLSTM2D, peepholes {peepholes}", "ConvLSTM2D", options, shapes, states, step, T=3, I=(H, W, I))


def inception_step(version, inner, gate=hard):
    """x and h to h', c' with weights under `prefix`."""
    sizes = ((1,), (3,), (5,)) if version == 1 else ((1,), (3,), (3, 3))

    def step(w, x, h, c, prefix=""):
        X = np.concatenate([x, h], axis=-1)

        def through(k, act):
            """Gate k in all branches, side by side."""
            out = []
            for n, stack in enumerate(sizes):
                path = f"{prefix}branch{n}"
                z = conv(X, blocks(w[f"{path}/kernel"], 4)[k], blocks(w[f"{path}/bias"], 4)[k])
                if len(stack) == 2:
                    z = conv(inner(z), blocks(w[f"{path}/kernel2"], 4)[k], blocks(w[f"{path}/bias2"], 4)[k])
                out.append(act(z))
            return np.concatenate(out, axis=-1)

        i, f, g, o = through(0, gate), through(1, gate), through(2, np.tanh), through(3, gate)
        c = f * c + i * g
        return o * np.tanh(c), c

    return step


def inception_shapes(version, C, inputs, prefix=""):
    shapes = {}
    for n, size in enumerate((1, 3, 5) if version == 1 else (1, 3, 3)):
        shapes[f"{prefix}branch{n}/kernel"] = (size, size, inputs + 3 * C, 4 * C)
        shapes[f"{prefix}branch{n}/bias"] = (4 * C,)
        if version == 2 and n == 2:
            shapes[f"{prefix}branch{n}/kernel2"] = (3, 3, C, 4 * C)
            shapes[f"{prefix}branch{n}/bias2"] = (4 * C,)
    return shapes


def inception(version, inner="linear"):
    C = 1
    advance = inception_step(version, {"linear": np.asarray, "relu": relu}[inner])

    def step(w, x, state):
        h, c = advance(w, x, state["hiddenState"], state["cellState"])
        return {"hiddenState": h, "cellState": c}

    states = {"hiddenState": (H, W, 3 * C), "cellState": (H, W, 3 * C)}
    options = {"filters": C, "version": version, "innerActivation": inner}
    return case(f"InceptionLSTM {version}, inner {inner}", "InceptionLSTM", options, inception_shapes(version, C, I), states, step, T=2, I=(H, W, I))


def pred_net(representation, shows):
    A, R = (I, 2, 1), (1, 2, 1)  # channels of A; of R, or of each branch
    L, versions = len(A), {"convLstm": 0, "inception1": 1, "inception2": 2}
    version = versions[representation]
    full = [r * (3 if version else 1) for r in R] + [0]
    shapes, states = {}, {}
    for l in range(L):
        inputs, prefix, side = 2 * A[l] + full[l + 1], f"{l}/representation/", (H // 2**l, W // 2**l)
        if version:
            shapes |= inception_shapes(version, R[l], inputs, prefix)
        else:
            shapes |= {f"{prefix}kernel": (3, 3, inputs, 4 * R[l]), f"{prefix}recurrentKernel": (3, 3, R[l], 4 * R[l]), f"{prefix}bias": (4 * R[l],)}
        shapes |= {f"{l}/prediction/kernel": (3, 3, full[l], A[l]), f"{l}/prediction/bias": (A[l],)}
        if l:
            shapes |= {f"{l}/target/kernel": (3, 3, 2 * A[l - 1], A[l]), f"{l}/target/bias": (A[l],)}
        states |= {f"{l}/hiddenState": (*side, full[l]), f"{l}/cellState": (*side, full[l]), f"{l}/error": (*side, 2 * A[l])}

    def advance(w, l, read, h, c):
        prefix = f"{l}/representation/"
        if version:
            return inception_step(version, np.asarray)(w, read, h, c, prefix)
        z = conv(read, w[f"{prefix}kernel"], w[f"{prefix}bias"]) + conv(h, w[f"{prefix}recurrentKernel"])
        i, f, g, o = blocks(z, 4)
        c = hard(f) * c + hard(i) * np.tanh(g)
        return hard(o) * np.tanh(c), c

    def predicted(w, l, r):
        shown = relu(conv(r, w[f"{l}/prediction/kernel"], w[f"{l}/prediction/bias"]))
        return np.minimum(shown, 1) if l == 0 else shown

    def step(w, x, state):
        new, above = {}, None
        for l in reversed(range(L)):
            e = state[f"{l}/error"]
            read = e if above is None else np.concatenate([e, above.repeat(2, axis=0).repeat(2, axis=1)], axis=-1)
            above, new[f"{l}/cellState"] = advance(w, l, read, state[f"{l}/hiddenState"], state[f"{l}/cellState"])
            new[f"{l}/hiddenState"] = above
        a = x
        for l in range(L):
            guess = predicted(w, l, new[f"{l}/hiddenState"])
            e = new[f"{l}/error"] = np.concatenate([relu(guess - a), relu(a - guess)], axis=-1)
            if l + 1 < L:
                a = relu(conv(e, w[f"{l + 1}/target/kernel"], w[f"{l + 1}/target/bias"]))
                a = a.reshape(a.shape[0] // 2, 2, a.shape[1] // 2, 2, -1).max(axis=(1, 3))
        return new

    def show(w, state):
        if shows == "errors":
            return np.array([state[f"{l}/error"].mean() for l in range(L)])
        return predicted(w, 0, state["0/hiddenState"])

    options = {"channels": list(R), "representation": representation, "shows": shows}
    return case(f"PredNet, {representation}, {shows}", "PredNet", options, shapes, states, step, B=1, T=3, I=(H, W, I), show=show)


if __name__ == "__main__":
    cases = [conv_lstm("perChannel", (3, 2), (3, 3)), conv_lstm("perElement", (3, 3), (1, 1)), inception(1), inception(2), inception(2, "relu")]
    nets = [pred_net("convLstm", "prediction"), pred_net("convLstm", "errors"), pred_net("inception1", "prediction"), pred_net("inception2", "errors")]
    save("cells-conv", "numpy", np.__version__, cases)
    save("cells-pred-net", "numpy", np.__version__, nets)
