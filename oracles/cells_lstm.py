"""
NumPy, float64: the forms of the LSTM, each written from the equations of its paper, one sequence at a time, with a matrix for each
gate and column vectors. PyTorch (projection) and onnxruntime (peepholes, coupled gates, clip, activations) must agree where they have the form.
"""

import numpy as np
import torch

from onnx_cases import run as run_node
from write import Draw, save, tensor, tensors

sigmoid = lambda a: 1 / (1 + np.exp(-a))
identity = lambda a: a
B, T, I, H = 2, 4, 3, 2
ORDER = "ifgo"


def matrices(draw, blocks, inputs, hidden, cells=None):
    """W_k [H, I], R_k [H, hidden], b_k [H] for each block; `cells` are sizes of their own."""
    size = cells or {k: H for k in blocks}
    return {
        "W": {k: draw.normal(size[k], inputs) for k in blocks},
        "R": {k: draw.normal(size[k], hidden) for k in blocks},
        "b": {k: draw.normal(size[k]) for k in blocks},
    }


def ours(p):
    """kernel, recurrentKernel, bias: the blocks that are there side by side, in the order i f g o."""
    blocks = [k for k in ORDER if k in p["W"]]
    return {
        "kernel": np.hstack([p["W"][k].T for k in blocks]),
        "recurrentKernel": np.hstack([p["R"][k].T for k in blocks]),
        "bias": np.concatenate([p["b"][k] for k in blocks]),
    }


def peephole_weights(P):
    names = {"i": "inputPeephole", "f": "forgetPeephole", "o": "outputPeephole"}
    return {names[k]: value.T for k, value in P.items()}


def case(name, options, weights, step, states, show=lambda s: s["hiddenState"], layer="lstm"):
    """step(x, state) → state for one row; `states` names the parts of the state with their sizes."""
    draw = Draw(f"cells {name}")
    x = draw.normal(B, T, I, scale=1)
    start = {key: draw.normal(B, size) for key, size in states.items()}
    outputs, final = [], []
    for row in range(B):
        state, shown = {key: value[row] for key, value in start.items()}, []
        for t in range(T):
            state = step(x[row, t], state)
            shown.append(show(state))
        outputs.append(np.stack(shown))
        final.append(state)
    last = {key: np.stack([state[key] for state in final]) for key in states}
    return {
        "name": name,
        "layer": layer,
        "options": {"returnSequences": True, "returnState": True, **options},
        "weights": tensors(weights),
        "inputs": {"x": tensor(x), "initialState": tensors(start)},
        "expected": tensors({"output": np.stack(outputs), **last}),
    }


def pre(p, x, h):
    return {k: p["W"][k] @ x + p["R"][k] @ h + p["b"][k] for k in p["W"]}


def greff(name):
    """Greff et al. 2017, section II and the eight variants of its section III."""
    draw = Draw(f"greff {name}")
    there = [k for k in ORDER if not (name[:2] == "NI" and len(name) == 3 and k == "i") and not (name == "NFG" and k == "f")
             and not (name == "NOG" and k == "o") and not (name == "CIFG" and k == "f")]
    p = matrices(draw, there, I, H)
    gates = [k for k in "ifo" if k in there]
    peep = {} if name == "NP" else {k: draw.normal(H) for k in gates}
    G = {(a, b): draw.normal(H, H) for a in gates for b in gates} if name.startswith("FGR") else {}
    g = identity if name == "NIAF" else np.tanh
    h = identity if name == "NOAF" else np.tanh

    def step(x, state):
        y, c = state["hiddenState"], state["cellState"]
        a = pre(p, x, y)
        for (to, source), matrix in G.items():
            k = gates.index(source)
            a[to] = a[to] + matrix @ state["gates"][k * H : (k + 1) * H]
        look = lambda k, cell: a[k] + (peep[k] * cell if k in peep else 0)
        i = sigmoid(look("i", c)) if "i" in there else np.ones(H)
        f = sigmoid(look("f", c)) if "f" in there else (1 - i if name == "CIFG" else np.ones(H))
        new = g(a["g"]) * i + c * f
        o = sigmoid(look("o", c if name == "FGR, as printed" else new)) if "o" in there else np.ones(H)
        after = {"hiddenState": h(new) * o, "cellState": new}
        return {**after, "gates": np.concatenate([i, f, o])} if G else after

    weights = {**ours(p), **peephole_weights(peep)}
    if G:  # ours reads all gates of t − 1 as one row: y Q
        weights["gateKernel"] = np.block([[G[to, source].T for to in gates] for source in gates])
    options = {"units": H, "variant": name.split(",")[0]}
    if name == "FGR, as printed":
        options["outputPeephole"] = "previous"
    return case(f"Greff {name}", options, weights, step, {"hiddenState": H, "cellState": H, **({"gates": 3 * H} if G else {})})


def sherstinsky():
    """Sherstinsky 2020, Eq. 126-136: peepholes are matrices, the readout gate sees s[n]."""
    draw = Draw("sherstinsky")
    p = matrices(draw, ORDER, I, H)
    Ws = {k: draw.normal(H, H) for k in "ifo"}

    def step(x, state):
        v, s = state["hiddenState"], state["cellState"]
        a = pre(p, x, v)
        cu, cs = sigmoid(a["i"] + Ws["i"] @ s), sigmoid(a["f"] + Ws["f"] @ s)
        s = cs * s + cu * np.tanh(a["g"])
        cr = sigmoid(a["o"] + Ws["o"] @ s)
        return {"hiddenState": cr * np.tanh(s), "cellState": s}

    return case("full peepholes", {"units": H, "peepholes": "full"}, {**ours(p), **peephole_weights(Ws)}, step,
                {"hiddenState": H, "cellState": H})


def sak(r_size, p_size, peepholes=True):
    """Sak et al. 2014: r_t = W_rm m_t feeds back; p_t = W_pm m_t does not."""
    draw = Draw(f"sak {r_size} {p_size}")
    p = matrices(draw, ORDER, I, r_size)
    peep = {k: draw.normal(H) for k in "ifo"} if peepholes else {}
    Wrm, Wpm = draw.normal(r_size, H), draw.normal(p_size, H)

    def step(x, state):
        r, c = state["hiddenState"], state["cellState"]
        a = pre(p, x, r)
        i, f = sigmoid(a["i"] + peep.get("i", 0) * c), sigmoid(a["f"] + peep.get("f", 0) * c)
        c = f * c + i * np.tanh(a["g"])
        m = sigmoid(a["o"] + peep.get("o", 0) * c) * np.tanh(c)
        return {"hiddenState": Wrm @ m, "cellState": c, **({"projected": Wpm @ m} if p_size else {})}

    weights = {**ours(p), **peephole_weights(peep), "projectionKernel": np.vstack([Wrm, Wpm]).T}
    options = {"units": H, "projection": {"recurrent": r_size, "nonRecurrent": p_size} if p_size else r_size}
    if peepholes:
        options["peepholes"] = "diagonal"
    states = {"hiddenState": r_size, "cellState": H, **({"projected": p_size} if p_size else {})}
    show = lambda s: np.concatenate([s["hiddenState"], s["projected"]]) if p_size else s["hiddenState"]
    return case(f"projection {r_size} and {p_size}{'' if peepholes else ', no peepholes'}", options, weights, step, states, show)


def normalized(a, gain, shift=0):
    return gain * (a - a.mean()) / np.sqrt(a.var() + 1e-5) + shift


def ba():
    """Ba et al. 2016, Eq. 20-22 of the supplement: LN of W_h h and of W_x x over all gates at once, and of the cell; shifts of the first two are b."""
    draw = Draw("ba")
    p = matrices(draw, ORDER, I, H)
    a1, a2, a3, shift = draw.normal(4 * H), draw.normal(4 * H), draw.normal(H), draw.normal(H)
    stacked = lambda named: np.concatenate([named[k] for k in ORDER])

    def step(x, state):
        fromH = normalized(np.vstack([p["R"][k] for k in ORDER]) @ state["hiddenState"], a1)
        fromX = normalized(np.vstack([p["W"][k] for k in ORDER]) @ x, a2)
        i, f, g, o = np.split(fromH + fromX + stacked(p["b"]), 4)
        c = sigmoid(f) * state["cellState"] + sigmoid(i) * np.tanh(g)
        return {"hiddenState": sigmoid(o) * np.tanh(normalized(c, a3, shift)), "cellState": c}

    weights = {**ours(p), "kernelGain": a2, "recurrentGain": a1, "cellGain": a3, "cellShift": shift}
    return case("layer normalization", {"units": H, "layerNorm": True}, weights, step, {"hiddenState": H, "cellState": H})


def plain_step(p, clip=np.inf, cell=np.inf, f=sigmoid, g=np.tanh, h=np.tanh):
    bound = lambda a, limit: np.minimum(np.maximum(a, -limit), limit)

    def step(x, state):
        a = {k: bound(value, clip) for k, value in pre(p, x, state["hiddenState"]).items()}
        c = bound(f(a["f"]) * state["cellState"] + f(a["i"]) * g(a["g"]), cell)
        return {"hiddenState": f(a["o"]) * h(c), "cellState": c}

    return step


def simple(name, options, **changes):
    p = matrices(Draw(f"simple {name}"), ORDER, I, H)
    return case(name, {"units": H, **options}, ours(p), plain_step(p, **changes), {"hiddenState": H, "cellState": H})


def krueger():
    """Krueger et al. 2017, outside training: the mean over masks, for h from the c that was not zoned out."""
    p = matrices(Draw("krueger"), ORDER, I, H)
    inner = plain_step(p)

    def step(x, state):
        new = inner(x, state)
        return {key: rate * state[key] + (1 - rate) * new[key] for key, rate in (("hiddenState", 0.15), ("cellState", 0.4))}

    return case("zoneout", {"units": H, "zoneout": {"hidden": 0.15, "cell": 0.4}}, ours(p), step, {"hiddenState": H, "cellState": H})


def everything():
    """Coupled gates, peepholes, gate recurrence, projection, normalization, both clips, zoneout and other activations at once."""
    draw = Draw("everything")
    R = 3
    p = matrices(draw, "igo", I, R)
    peep = {k: draw.normal(H) for k in "io"}
    Q = {(a, b): draw.normal(H, H) for a in "io" for b in "io"}
    a1, a2, a3, shift = draw.normal(3 * H), draw.normal(3 * H), draw.normal(H), draw.normal(H)
    Wr = draw.normal(R, H)
    hard = lambda a: np.clip(0.3 * a + 0.4, 0, 1)
    bound = lambda a, limit: np.clip(a, -limit, limit)

    def step(x, state):
        h, c, (yi, yo) = state["hiddenState"], state["cellState"], np.split(state["gates"], 2)
        z = normalized(np.concatenate([p["W"][k] @ x for k in "igo"]), a2) + normalized(np.concatenate([p["R"][k] @ h for k in "igo"]), a1)
        zi, zg, zo = np.split(z + np.concatenate([p["b"][k] for k in "igo"]), 3)
        i = hard(bound(zi + Q["i", "i"] @ yi + Q["i", "o"] @ yo + peep["i"] * c, 0.9))
        new = bound((1 - i) * c + i * 1.7 * np.tanh(0.6 * bound(zg, 0.9)), 0.5)
        o = hard(bound(zo + Q["o", "i"] @ yi + Q["o", "o"] @ yo + peep["o"] * new, 0.9))
        u = normalized(new, a3, shift)
        r = Wr @ (o * (u / (1 + np.abs(u))))
        return {"hiddenState": 0.2 * h + 0.8 * r, "cellState": 0.3 * c + 0.7 * new, "gates": np.concatenate([i, o])}

    weights = {
        **ours(p), **peephole_weights(peep), "projectionKernel": Wr.T,
        "gateKernel": np.block([[Q[to, source].T for to in "io"] for source in "io"]),
        "kernelGain": a2, "recurrentGain": a1, "cellGain": a3, "cellShift": shift,
    }
    options = {
        "units": H, "variant": "CIFG", "gateRecurrence": True, "projection": R, "layerNorm": True, "cellClip": 0.5, "gateClip": 0.9,
        "recurrentActivation": {"type": "hardSigmoid", "alpha": 0.3, "beta": 0.4},
        "cellActivation": {"type": "scaledTanh", "alpha": 1.7, "beta": 0.6}, "outputActivation": "softsign",
        "zoneout": {"hidden": 0.2, "cell": 0.3},
    }
    return case("everything at once", options, weights, step, {"hiddenState": R, "cellState": H, "gates": 2 * H})


def blocks_1997(name, N, S, conventional, full, forget, bias):
    """Hochreiter & Schmidhuber 1997, section 4 and appendix A.1: net_k(t) = Σ_u w_ku y_u(t − 1) + external input, u every unit of the layer."""
    draw = Draw(f"1997 {name}")
    g, h = lambda a: 4 * sigmoid(a) - 2, lambda a: 2 * sigmoid(a) - 1
    kinds = {"in": N, **({"forget": N} if forget else {}), "cell": N * S, "out": N, **({"hidden": conventional} if conventional else {})}
    gates = [kind for kind in kinds if kind in ("in", "forget", "out")]
    read = N * S + conventional + (N * len(gates) if full else 0)
    W = {kind: draw.normal(size, I) for kind, size in kinds.items()}
    R = {kind: draw.normal(size, read) for kind, size in kinds.items()}
    biased = list(kinds) if bias == "all" else gates
    b = {kind: draw.normal(kinds[kind]) for kind in biased}

    def step(x, state):
        y = np.concatenate([state["hiddenState"], state["gates"]]) if full else state["hiddenState"]
        net = {kind: W[kind] @ x + R[kind] @ y + b.get(kind, 0) for kind in kinds}
        y_gate = {kind: sigmoid(net[kind]) for kind in gates}
        cells, shown = np.zeros(N * S), np.zeros(N * S)
        for j in range(N):
            for v in range(S):
                k = j * S + v
                kept = y_gate["forget"][j] if forget else 1
                cells[k] = kept * state["cellState"][k] + y_gate["in"][j] * g(net["cell"][k])
                shown[k] = y_gate["out"][j] * h(cells[k])
        others = np.tanh(net["hidden"]) if conventional else np.zeros(0)
        after = {"hiddenState": np.concatenate([shown, others]), "cellState": cells}
        return {**after, "gates": np.concatenate([y_gate[kind] for kind in gates])} if full else after

    weights = {
        "kernel": np.hstack([W[kind].T for kind in kinds]), "recurrentKernel": np.hstack([R[kind].T for kind in kinds]),
        "bias": np.concatenate([b[kind] for kind in biased]),
    }
    options = {"units": N * S, "cellsPerBlock": S, "hiddenUnits": conventional, "forgetGate": forget, "biasedUnits": bias,
               "recurrence": "full" if full else "cells"}
    states = {"hiddenState": N * S + conventional, "cellState": N * S, **({"gates": N * len(gates)} if full else {})}
    return case(f"1997 {name}", options, weights, step, states, layer="memoryBlocks")


def array(stored):
    return np.array(stored["data"]).reshape(stored["shape"])


def agree_with_torch(one):
    """nn.LSTM(proj_size) on the weights of a case without peepholes."""
    w = {key: array(value) for key, value in one["weights"].items()}
    r = w["projectionKernel"].shape[1]
    module = torch.nn.LSTM(I, H, batch_first=True, proj_size=r).double()
    with torch.no_grad():
        for key, value in (("weight_ih_l0", w["kernel"].T), ("weight_hh_l0", w["recurrentKernel"].T), ("bias_ih_l0", w["bias"]),
                           ("bias_hh_l0", 0 * w["bias"]), ("weight_hr_l0", w["projectionKernel"].T)):
            getattr(module, key).copy_(torch.from_numpy(np.ascontiguousarray(value)))
    start = one["inputs"]["initialState"]
    state = tuple(torch.from_numpy(array(start[key]))[None] for key in ("hiddenState", "cellState"))
    output, _ = module(torch.from_numpy(array(one["inputs"]["x"])), state)
    assert np.allclose(output.detach().numpy(), array(one["expected"]["output"]), rtol=1e-11, atol=1e-12), one["name"]


def agree_with_onnxruntime(one, **attributes):
    """The LSTM node on the weights of a case; a coupled forget gate gets weights that must not matter."""
    w = {key: array(value) for key, value in one["weights"].items()}
    if w["bias"].size == 3 * H:
        junk = lambda value: np.concatenate([value[..., :H], 0 * value[..., :H] + 9, value[..., H:]], axis=-1)
        w = {**w, **{key: junk(w[key]) for key in ("kernel", "recurrentKernel", "bias")}}
    rows = lambda value: np.concatenate([np.split(value.T, 4)[k] for k in (0, 3, 1, 2)])[None]
    start = one["inputs"]["initialState"]
    feeds = {
        "X": array(one["inputs"]["x"]).transpose(1, 0, 2), "W": rows(w["kernel"]), "R": rows(w["recurrentKernel"]),
        "B": np.concatenate([rows(w["bias"]), 0 * rows(w["bias"])], axis=1),
        "initial_h": array(start["hiddenState"])[None], "initial_c": array(start["cellState"])[None],
    }
    if "inputPeephole" in w:
        forget = w.get("forgetPeephole", 9 * np.ones(H))
        feeds["P"] = np.concatenate([w["inputPeephole"], w["outputPeephole"], forget])[None]
    found = run_node("LSTM", H, "forward", attributes, {key: value.astype(np.float32) for key, value in feeds.items()})
    output = found["Y"].transpose(2, 0, 1, 3).reshape(B, T, H)
    assert np.allclose(output, array(one["expected"]["output"]), rtol=1e-5, atol=1e-6), one["name"]


def main():
    variants = {name: greff(name) for name in ("vanilla", "NIG", "NFG", "NOG", "NIAF", "NOAF", "CIFG", "NP", "FGR", "FGR, as printed")}
    projection = sak(1, 0, peepholes=False)
    gate_clip, cell_clip = simple("gate clip", {"gateClip": 0.4}, clip=0.4), simple("cell clip", {"cellClip": 0.3}, cell=0.3)
    shaped = simple(
        "hardSigmoid, scaledTanh, affine",
        {"recurrentActivation": {"type": "hardSigmoid", "alpha": 0.2, "beta": 0.5},
         "cellActivation": {"type": "scaledTanh", "alpha": 1.7, "beta": 0.6}, "outputActivation": {"type": "affine", "alpha": 0.8, "beta": 0.1}},
        f=lambda a: np.clip(0.2 * a + 0.5, 0, 1), g=lambda a: 1.7 * np.tanh(0.6 * a), h=lambda a: 0.8 * a + 0.1,
    )
    bent = simple(
        "sigmoid, leakyRelu, elu",
        {"cellActivation": {"type": "leakyRelu", "alpha": 0.3}, "outputActivation": {"type": "elu", "alpha": 0.7}},
        g=lambda a: np.where(a >= 0, a, 0.3 * a), h=lambda a: np.where(a >= 0, a, 0.7 * np.expm1(a)),
    )
    cut = simple(
        "softsign, thresholdedRelu, softplus",
        {"recurrentActivation": "softsign", "cellActivation": {"type": "thresholdedRelu", "alpha": 0.2}, "outputActivation": "softplus"},
        f=lambda a: a / (1 + np.abs(a)), g=lambda a: np.where(a > 0.2, a, 0), h=lambda a: np.log1p(np.exp(a)),
    )
    straight = simple("sigmoid, relu, tanh", {"cellActivation": "relu", "outputActivation": "tanh"}, g=lambda a: np.maximum(a, 0))

    agree_with_torch(projection)
    for name in ("vanilla", "NP"):
        agree_with_onnxruntime(variants[name])
    agree_with_onnxruntime(variants["CIFG"], input_forget=1)
    agree_with_onnxruntime(gate_clip, clip=0.4)
    three = lambda names, **numbers: {"activations": names, **{f"activation_{key}": value for key, value in numbers.items()}}
    agree_with_onnxruntime(shaped, **three(["HardSigmoid", "ScaledTanh", "Affine"], alpha=[0.2, 1.7, 0.8], beta=[0.5, 0.6, 0.1]))
    agree_with_onnxruntime(bent, **three(["Sigmoid", "LeakyRelu", "Elu"], alpha=[0.3, 0.7]))
    agree_with_onnxruntime(cut, **three(["Softsign", "ThresholdedRelu", "Softplus"], alpha=[0.2]))
    agree_with_onnxruntime(straight, **three(["Sigmoid", "Relu", "Tanh"]))

    save("cells-lstm", "numpy", np.__version__, [
        *variants.values(), sherstinsky(), projection, sak(3, 0), sak(1, 2), ba(), krueger(), gate_clip, cell_clip, shaped, bent, cut, straight,
        everything(),
        blocks_1997("full recurrence", 2, 1, 0, full=True, forget=False, bias="all"),
        blocks_1997("two cells a block and conventional units", 2, 2, 1, full=True, forget=False, bias="gates"),
        blocks_1997("of 2000, with forget gates", 2, 2, 0, full=False, forget=True, bias="gates"),
    ])


if __name__ == "__main__":
    main()
