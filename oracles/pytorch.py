"""PyTorch, float64: LSTM, GRU and RNN over sequences, with states, lengths, both directions and gradients."""

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from write import Draw, save, tensor, tensors

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

MODULES = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "simpleRnn": torch.nn.RNN}


def swap_first_two(blocks):
    """GRU rows r z n → z r h."""
    reset, update, candidate = np.split(blocks, 3)
    return np.concatenate([update, reset, candidate])


def our_weights(kind, named, suffix):
    """
    weight_ih [G·H, I], weight_hh [G·H, H], bias_ih, bias_hh [G·H]  →  kernel [I, G·H], recurrentKernel [H, G·H], bias [G·H].
    LSTM and RNN add the two biases; the GRU keeps both, because r scales only the second one in its candidate.
    """
    rows = [named[f"{part}_l0{suffix}"] for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    if kind == "gru":
        rows = [swap_first_two(blocks) for blocks in rows]
    weight_ih, weight_hh, bias_ih, bias_hh = rows
    ours = {"kernel": weight_ih.T, "recurrentKernel": weight_hh.T}
    return {**ours, "bias": bias_ih, "recurrentBias": bias_hh} if kind == "gru" else {**ours, "bias": bias_ih + bias_hh}


def our_gradients(kind, named, suffix):
    """As the weights; but a sum of two biases has one gradient, which each of the two shows."""
    if kind != "gru":
        named = {**named, f"bias_hh_l0{suffix}": np.zeros_like(named[f"bias_hh_l0{suffix}"])}
    return our_weights(kind, named, suffix)


def both_directions(convert, kind, named, bidirectional):
    if not bidirectional:
        return convert(kind, named, "")
    pairs = [("forward", ""), ("backward", "_reverse")]
    return {f"{way}/{key}": value for way, suffix in pairs for key, value in convert(kind, named, suffix).items()}


def our_states(states, bidirectional):
    """hidden and cell [D, B, H] → one [B, H] each, named by direction when there are two."""
    ways = ["forward/", "backward/"] if bidirectional else [""]
    names = ["hiddenState", "cellState"]
    return {way + name: state[d] for name, state in zip(names, states) for d, way in enumerate(ways)}


def run(module, kind, x, initial, lengths):
    """The module on a batch: output [B, T, D·H] (zero beyond a length) and the final states as a tuple."""
    start = None if initial is None else (initial if kind == "lstm" else initial[0])
    if lengths is None:
        output, final = module(x, start)
    else:
        packed, final = module(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False), start)
        output, _ = pad_packed_sequence(packed, batch_first=True, total_length=x.shape[1])
    return output, final if kind == "lstm" else (final,)


def case(name, kind, B, T, I, H, initial=False, lengths=None, bidirectional=False, sequences=True, activation="tanh"):
    draw = Draw(f"torch {name}")
    extra = {"nonlinearity": activation} if kind == "simpleRnn" else {}
    module = MODULES[kind](I, H, batch_first=True, bidirectional=bidirectional, **extra)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.from_numpy(draw.normal(*parameter.shape)))
    x = torch.from_numpy(draw.normal(B, T, I, scale=1)).requires_grad_()
    D, count = (2 if bidirectional else 1), (2 if kind == "lstm" else 1)
    start = tuple(torch.from_numpy(draw.normal(D, B, H)).requires_grad_() for _ in range(count)) if initial else None

    output, final = run(module, kind, x, start, lengths)
    states = our_states(final, bidirectional)
    shown = output if sequences else (
        torch.cat([final[0][0], final[0][1]], dim=-1) if bidirectional else final[0][0]
    )
    upstream = {"output": draw.normal(*shown.shape, scale=1)}
    if lengths and sequences:
        upstream["output"][np.arange(T)[None, :] >= np.array(lengths)[:, None]] = 0
    if initial:
        upstream |= {key: draw.normal(*state.shape, scale=1) for key, state in states.items()}
    values = {"output": shown, **states}
    loss = sum((torch.from_numpy(weight) * values[key]).sum() for key, weight in upstream.items())
    loss.backward()

    named = {key: value.detach().numpy() for key, value in module.named_parameters()}
    slopes = {key: value.grad.numpy() for key, value in module.named_parameters()}
    gradients = {**both_directions(our_gradients, kind, slopes, bidirectional), "x": x.grad}
    inputs = {"x": tensor(x.detach())}
    if lengths:
        inputs["sequenceLengths"] = lengths
    if initial:
        inputs["initialState"] = tensors(our_states([state.detach() for state in start], bidirectional))
        gradients |= our_states([state.grad for state in start], bidirectional)

    options = {"units": H, "returnSequences": sequences, "returnState": True}
    if kind == "gru":
        options["resetAfter"] = True
    if kind == "simpleRnn":
        options["activation"] = activation
    if bidirectional:
        options = {"mergeMode": "concat", "layer": {"layer": kind, "options": options}}
    return {
        "name": name,
        "layer": "bidirectional" if bidirectional else kind,
        "options": options,
        **({"validStepsOnly": True} if lengths and sequences else {}),
        "weights": tensors(both_directions(our_weights, kind, named, bidirectional)),
        "inputs": inputs,
        "upstream": tensors(upstream),
        "expected": {
            **tensors({key: value.detach() for key, value in values.items()}),
            "loss": loss.item(),
            "gradients": tensors(gradients),
        },
    }


def common_cases(kind, **extra):
    """The sizes and forms that every kind of layer is asked for."""
    return [
        case(f"{kind} from zero state", kind, 2, 4, 3, 2, **extra),
        case(f"{kind} from a given state", kind, 2, 4, 3, 2, initial=True, **extra),
        case(f"{kind} last output alone", kind, 2, 4, 3, 2, sequences=False, **extra),
        case(f"{kind} one input, one unit", kind, 2, 5, 1, 1, initial=True, **extra),
        case(f"{kind} one step", kind, 3, 1, 2, 3, initial=True, **extra),
        case(f"{kind} one row", kind, 1, 6, 2, 3, initial=True, **extra),
        case(f"{kind} odd sizes", kind, 3, 7, 5, 6, initial=True, **extra),
        case(f"{kind} by lengths", kind, 3, 5, 2, 3, lengths=[3, 5, 1], **extra),
        case(f"{kind} by lengths from a given state", kind, 4, 5, 2, 3, lengths=[2, 5, 1, 4], initial=True, **extra),
        case(f"{kind} by lengths, last output alone", kind, 3, 5, 2, 3, lengths=[3, 5, 1], sequences=False, **extra),
    ]


def bidirectional_cases(kind):
    return [
        case(f"bidirectional {kind}", kind, 2, 4, 3, 2, bidirectional=True),
        case(f"bidirectional {kind} from given states", kind, 2, 4, 3, 2, bidirectional=True, initial=True),
        case(f"bidirectional {kind} last outputs", kind, 2, 4, 3, 2, bidirectional=True, sequences=False),
        case(f"bidirectional {kind} by lengths", kind, 3, 5, 2, 3, bidirectional=True, lengths=[3, 5, 1]),
        case(f"bidirectional {kind} by lengths from given states", kind, 3, 5, 2, 3, bidirectional=True, lengths=[2, 1, 5],
             initial=True),
    ]


def write(topic, cases):
    save(topic, "torch", torch.__version__.split("+")[0], cases)


if __name__ == "__main__":
    write("torch-lstm", common_cases("lstm"))
    write("torch-gru", common_cases("gru"))
    relu = [
        case("simpleRnn relu from a given state", "simpleRnn", 2, 5, 3, 4, initial=True, activation="relu"),
        case("simpleRnn relu by lengths", "simpleRnn", 3, 5, 2, 3, lengths=[3, 5, 1], activation="relu"),
    ]
    write("torch-simple-rnn", common_cases("simpleRnn") + relu)
    write("torch-bidirectional", bidirectional_cases("lstm") + bidirectional_cases("gru") + bidirectional_cases("simpleRnn"))
