"""
NumPy, float64: the truncated gradient of Hochreiter & Schmidhuber 1997, appendix A.1, for their memory blocks and for the LSTM with a
forget gate (Gers et al. 2000) and peepholes (Gers et al. 2002). Where a net input reads the step before, that value is a constant.

Two ways that share no line must agree: the slopes of that frozen network, by complex steps (exact to rounding), and, for blocks, the
paper's forward recursion of ds_c/dw (truncated RTRL).
"""

import numpy as np

from write import Draw, save, tensor, tensors

sigmoid = lambda a: 1 / (1 + np.exp(-a))
g_1997, h_1997 = lambda a: 4 * sigmoid(a) - 2, lambda a: 2 * sigmoid(a) - 1
B, T, I = 2, 6, 3
STEP = 1e-30


def run(net, weights, x, start, frozen=None):
    """One row through time: every state and output. `frozen`: the states that net inputs read, instead of those before each step."""
    state, states, outputs = start, [], []
    for t in range(T):
        read = frozen[t] if frozen else {"before": state, "after": None}
        after, shown = net(weights, x[t], state["cellState"], read)
        states.append({"before": state, "after": after})
        outputs.append(shown)
        state = after
    return states, np.stack(outputs), state


def slopes(net, weights, x, start, upstream):
    """d Σ upstream · output / d each number, with the states that net inputs read held at their values."""
    frozen, _, _ = run(net, weights, x, start)
    named = {**weights, "x": x, "cellState": start["cellState"]}

    def loss(values):
        inner = {key: values[key] for key in weights}
        _, outputs, _ = run(net, inner, values["x"], {**start, "cellState": values["cellState"]}, frozen)
        return np.sum(upstream * outputs)

    gradients = {}
    for key, value in named.items():
        gradient = np.zeros(value.size)
        for k in range(value.size):
            moved = value.astype(complex).ravel()
            moved[k] += 1j * STEP
            gradient[k] = loss({**named, key: moved.reshape(value.shape)}).imag / STEP
        gradients[key] = gradient.reshape(value.shape)
    return gradients


def blocks_net(N, S, conventional, full, forget):
    """W, R and b in our layout: columns input gates, forget gates, cells, output gates, conventional units."""
    kinds = {"in": N, **({"forget": N} if forget else {}), "cell": N * S, "out": N, **({"hidden": conventional} if conventional else {})}
    ends = np.cumsum([0, *kinds.values()])
    columns = {kind: slice(ends[k], ends[k + 1]) for k, kind in enumerate(kinds)}
    gates = [kind for kind in kinds if kind in ("in", "forget", "out")]

    def net(weights, x, cell, read):
        before = read["before"]
        y = np.concatenate([before["hiddenState"], before["gates"]]) if full else before["hiddenState"]
        z = x @ weights["kernel"] + y @ weights["recurrentKernel"] + weights["bias"]
        part = {kind: z[place] for kind, place in columns.items()}
        open_ = {kind: sigmoid(part[kind]) for kind in gates}
        spread = lambda gate: np.repeat(gate, S)
        kept = spread(open_["forget"]) * cell if forget else cell
        cell = kept + spread(open_["in"]) * g_1997(part["cell"])
        shown = spread(open_["out"]) * h_1997(cell)
        hidden = np.concatenate([shown, np.tanh(part["hidden"])]) if conventional else shown
        after = {"hiddenState": hidden, "cellState": cell, **({"gates": np.concatenate([open_[kind] for kind in gates])} if full else {})}
        return after, hidden

    return net, columns


def rtrl(N, S, conventional, full, forget, columns, weights, x, start, upstream):
    """The paper's recursion, one weight at a time: P is ds_c/dw, e the error at the cell's state."""
    W = np.vstack([weights["kernel"], weights["recurrentKernel"], weights["bias"]])  # w_lm = W[m, l]
    dW = np.zeros_like(W)
    state = start
    P = {kind: np.zeros((N, S, W.shape[0])) for kind in ("in", "forget", "cell")}
    ds = lambda a: sigmoid(a) * (1 - sigmoid(a))
    for t in range(T):
        y = np.concatenate([x[t], state["hiddenState"], state["gates"] if full else [], [1.0]])
        z = y @ W
        at = {kind: place.start for kind, place in columns.items()}
        cells, hidden = np.zeros(N * S), np.zeros(N * S + conventional)
        for j in range(N):
            net_in, net_out = z[at["in"] + j], z[at["out"] + j]
            net_forget = z[at["forget"] + j] if forget else None
            y_forget = sigmoid(net_forget) if forget else 1.0
            d_out = 0.0
            for v in range(S):
                k = j * S + v
                net_c = z[at["cell"] + k]
                s_before = state["cellState"][k]
                P["in"][j, v] = y_forget * P["in"][j, v] + g_1997(net_c) * ds(net_in) * y
                P["cell"][j, v] = y_forget * P["cell"][j, v] + 4 * ds(net_c) * sigmoid(net_in) * y
                if forget:
                    P["forget"][j, v] = y_forget * P["forget"][j, v] + s_before * ds(net_forget) * y
                s = cells[k] = y_forget * s_before + sigmoid(net_in) * g_1997(net_c)
                hidden[k] = sigmoid(net_out) * h_1997(s)
                d_out += ds(net_out) * h_1997(s) * upstream[t, k]
                e = sigmoid(net_out) * 2 * ds(s) * upstream[t, k]
                dW[:, at["in"] + j] += e * P["in"][j, v]
                dW[:, at["cell"] + k] += e * P["cell"][j, v]
                if forget:
                    dW[:, at["forget"] + j] += e * P["forget"][j, v]
            dW[:, at["out"] + j] += d_out * y
        for u in range(conventional):
            hidden[N * S + u] = np.tanh(z[at["hidden"] + u])
            dW[:, at["hidden"] + u] += (1 - np.tanh(z[at["hidden"] + u]) ** 2) * upstream[t, N * S + u] * y
        gates = [kind for kind in columns if kind in ("in", "forget", "out")]
        state = {"hiddenState": hidden, "cellState": cells, "gates": np.concatenate([sigmoid(z[columns[kind]]) for kind in gates])}
    rows = weights["kernel"].shape[0]
    return {"kernel": dW[:rows], "recurrentKernel": dW[rows:-1], "bias": dW[-1]}


def lstm_net(H, peepholes):
    def net(weights, x, cell, read):
        before, after = read["before"], read["after"]
        z = np.split(x @ weights["kernel"] + before["hiddenState"] @ weights["recurrentKernel"] + weights["bias"], 4)
        look = lambda name, state: weights[name] * state["cellState"] if peepholes else 0
        i, f, g = sigmoid(z[0] + look("inputPeephole", before)), sigmoid(z[1] + look("forgetPeephole", before)), np.tanh(z[2])
        cell = f * cell + i * g
        o = sigmoid(z[3] + look("outputPeephole", after or {"cellState": cell}))
        hidden = o * np.tanh(cell)
        return {"hiddenState": hidden, "cellState": cell}, hidden

    return net


def case(name, layer, options, net, weights, sizes, check=None):
    draw = Draw(f"truncated {name}")
    x = draw.normal(B, T, I, scale=1)
    start = {key: draw.normal(B, size) for key, size in sizes.items()}
    upstream = draw.normal(B, T, sizes["hiddenState"], scale=1)
    outputs, finals, gradients = [], [], []
    for row in range(B):
        own = {key: value[row] for key, value in start.items()}
        _, shown, final = run(net, weights, x[row], own)
        outputs.append(shown)
        finals.append(final)
        gradients.append(slopes(net, weights, x[row], own, upstream[row]))
        for key, value in (check(weights, x[row], own, upstream[row]) if check else {}).items():
            if not np.allclose(value, gradients[row][key], rtol=1e-12, atol=1e-13):
                raise AssertionError(f"{name}: the recursion and the slopes of the frozen network differ in {key}.")
    total = {key: sum(gradient[key] for gradient in gradients) for key in weights}
    apart = {key: np.stack([gradient[key] for gradient in gradients]) for key in ("x", "cellState")}
    return {
        "name": name,
        "layer": layer,
        "options": {"returnSequences": True, "returnState": True, "truncatedGradient": True, **options},
        "weights": tensors(weights),
        "inputs": {"x": tensor(x), "initialState": tensors(start)},
        "upstream": {"output": tensor(upstream)},
        "expected": {
            **tensors({"output": np.stack(outputs), **{key: np.stack([final[key] for final in finals]) for key in sizes}}),
            "loss": float(np.sum(upstream * np.stack(outputs))),
            "gradients": tensors({**total, **apart}),
        },
    }


def blocks(name, N, S, conventional=0, full=True, forget=False):
    draw = Draw(f"blocks {name}")
    net, columns = blocks_net(N, S, conventional, full, forget)
    width = max(place.stop for place in columns.values())
    gates = N * (3 if forget else 2)
    read = N * S + conventional + (gates if full else 0)
    weights = {"kernel": draw.normal(I, width), "recurrentKernel": draw.normal(read, width), "bias": draw.normal(width)}
    options = {"units": N * S, "cellsPerBlock": S, "hiddenUnits": conventional, "forgetGate": forget, "recurrence": "full" if full else "cells"}
    sizes = {"hiddenState": N * S + conventional, "cellState": N * S, **({"gates": gates} if full else {})}
    shape = (N, S, conventional, full, forget, columns)
    return case(name, "memoryBlocks", options, net, weights, sizes, lambda *row: rtrl(*shape, *row))


def lstm(name, H, peepholes):
    draw = Draw(f"lstm {name}")
    weights = {"kernel": draw.normal(I, 4 * H), "recurrentKernel": draw.normal(H, 4 * H), "bias": draw.normal(4 * H)}
    if peepholes:
        weights.update({f"{gate}Peephole": draw.normal(H) for gate in ("input", "forget", "output")})
    options = {"units": H, **({"peepholes": "diagonal"} if peepholes else {})}
    return case(name, "lstm", options, lstm_net(H, peepholes), weights, {"hiddenState": H, "cellState": H})


if __name__ == "__main__":
    save("cells-truncated", "numpy", np.__version__, [
        blocks("1997, two blocks of two", 2, 2),
        blocks("1997, conventional units", 2, 1, conventional=2),
        blocks("forget gates, gates do not feed back", 2, 2, full=False, forget=True),
        blocks("forget gates, all options", 1, 3, conventional=1, forget=True),
        lstm("LSTM", 3, False),
        lstm("LSTM with peepholes", 2, True),
    ])
