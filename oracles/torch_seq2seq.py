"""
Encoder-decoder networks in PyTorch, float64: packed sources, the decoder from the encoder's last states, attention by three scores.
Scores, masked cross-entropy and gradients under teacher forcing; the greedy answer; the best of all answers, by trying every one.
"""

import itertools

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from pytorch import both_directions, our_gradients, our_weights
from write import Draw, save, tensor, tensors

V, START, STOP, LENGTH = 5, 1, 2, 3  # token 0 pads
MODULES = {"lstm": nn.LSTM, "gru": nn.GRU}


class Network(nn.Module):
    def __init__(self, kind, levels, bidirectional, attention, units, vectors=2):
        super().__init__()
        self.kind, self.attention = kind, attention
        ways, module = (2 if bidirectional else 1), MODULES[kind]
        self.read_source, self.read_target = nn.Embedding(V, vectors), nn.Embedding(V, vectors)
        sizes = [vectors] + [ways * units] * levels
        self.encoder = nn.ModuleList(module(size, units, batch_first=True, bidirectional=bidirectional) for size in sizes[:-1])
        self.decoder = nn.ModuleList(module(size, ways * units, batch_first=True) for size in sizes[:-1])
        shown = ways * units
        if attention == "general":
            self.kernel = nn.Parameter(torch.empty(shown, shown))
        if attention == "additive":
            self.query_kernel, self.key_kernel = (nn.Parameter(torch.empty(shown, 3)) for _ in range(2))
            self.scale = nn.Parameter(torch.empty(3))
        if attention:
            self.mix = nn.Linear(2 * shown, 4)
        self.out = nn.Linear(4 if attention else shown, V)

    def encode(self, source, lengths):
        x, states = self.read_source(source), []
        for layer in self.encoder:
            packed, final = layer(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
            x, _ = pad_packed_sequence(packed, batch_first=True, total_length=source.shape[1])
            parts = final if self.kind == "lstm" else (final,)
            parts = tuple(torch.cat(list(part), dim=-1)[None] for part in parts)  # both directions side by side
            states.append(parts if self.kind == "lstm" else parts[0])
        return x, states

    def decode(self, target, memory, used, states):
        """Scores [B, T, V] and the states after the last step."""
        h, after = self.read_target(target), []
        for layer, state in zip(self.decoder, states):
            h, state = layer(h, state)
            after.append(state)
        if self.attention:
            if self.attention == "additive":
                pairs = torch.tanh((h @ self.query_kernel)[:, :, None] + (memory @ self.key_kernel)[:, None])
                scores = pairs @ self.scale
            else:
                keys = memory @ self.kernel if self.attention == "general" else memory
                scores = torch.einsum("bth,bsh->bts", h, keys)
            weights = torch.softmax(scores.masked_fill(~used[:, None], -torch.inf), dim=-1)
            h = torch.tanh(self.mix(torch.cat([weights @ memory, h], dim=-1)))
        return self.out(h), after


def ours(network, gradients=False):
    """Weights, or their gradients, by our names and in our layouts."""
    convert = our_gradients if gradients else our_weights
    read = (lambda p: p.grad.numpy()) if gradients else (lambda p: p.detach().numpy())
    kind, named = network.kind, {}
    for part, layers in (("encoder", network.encoder), ("decoder", network.decoder)):
        for level, layer in enumerate(layers):
            two = layer.bidirectional
            name = f"{part}_{'bidirectional' if two else kind}{f'_{level}' if level else ''}"
            found = both_directions(convert, kind, {key: read(p) for key, p in layer.named_parameters()}, two)
            named |= {f"{name}/{key}": value for key, value in found.items()}
    named["encoder_embedding/embeddings"] = read(network.read_source.weight)
    named["decoder_embedding/embeddings"] = read(network.read_target.weight)
    if network.attention == "general":
        named["attention/kernel"] = read(network.kernel)
    if network.attention == "additive":
        named["additiveAttention/queryKernel"] = read(network.query_kernel)
        named["additiveAttention/keyKernel"] = read(network.key_kernel)
        named["additiveAttention/scale"] = read(network.scale)
    dense = [network.mix, network.out] if network.attention else [network.out]
    for k, layer in enumerate(dense):
        name = f"decoder_dense{f'_{k}' if k else ''}"
        named |= {f"{name}/kernel": read(layer.weight).T, f"{name}/bias": read(layer.bias)}
    return tensors(named)


def total(network, source, length, answer):
    """ln p(answer | source), by one run over all of it."""
    memory, states = network.encode(source, [length])
    used = torch.arange(source.shape[1])[None] < length
    scores, _ = network.decode(torch.tensor([[START, *answer[:-1]]]), memory, used, states)
    found = torch.log_softmax(scores, dim=-1)[0]
    return sum(found[t, token].item() for t, token in enumerate(answer))


def greedy(network, source, length):
    """Token by token, each from the states after the one before."""
    memory, states = network.encode(source, [length])
    used = torch.arange(source.shape[1])[None] < length
    token, tokens, so_far = START, [], 0.0
    while True:
        scores, states = network.decode(torch.tensor([[token]]), memory, used, states)
        found = torch.log_softmax(scores, dim=-1)[0, 0]
        token = 1 + int(torch.argmax(found[1:]))
        if token != STOP and len(tokens) == LENGTH:
            return {"tokens": tokens, "logProbability": so_far, "stopped": False}
        so_far += found[token].item()
        if token == STOP:
            return {"tokens": tokens, "logProbability": so_far, "stopped": True}
        tokens.append(token)


def best(network, source, length):
    """The likeliest of all answers of at most LENGTH tokens."""
    others = [token for token in range(1, V) if token != STOP]
    answers = [[*answer, STOP] for n in range(LENGTH + 1) for answer in itertools.product(others, repeat=n)]
    found = max(((total(network, source, length, answer), answer) for answer in answers), key=lambda pair: pair[0])
    return {"tokens": found[1][:-1], "logProbability": found[0], "stopped": True}


def varied(rows):
    return len({tuple(row["tokens"]) for row in rows}) > 1


def case(name, **options):
    """The first draw of weights with which the answers differ: equal ones would hide mistakes."""
    return next(found for attempt in range(300) if (found := drawn(name, attempt, **options)))


def drawn(name, attempt, kind="lstm", levels=1, bidirectional=False, attention=None, units=3):
    draw = Draw(f"torch seq2seq {name} {attempt}")
    network = Network(kind, levels, bidirectional, attention, units)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.from_numpy(draw.normal(*parameter.shape, scale=1.2)))
    lengths, answers = [4, 2, 3], [3, 1, 2]
    source, target, actual = (torch.zeros(3, size, dtype=torch.long) for size in (max(lengths), 4, 4))
    for b, (length, answer) in enumerate(zip(lengths, answers)):
        source[b, :length] = torch.from_numpy(draw.integers(length, high=V - 1)) + 1
        tokens = torch.from_numpy(draw.integers(answer, high=2)) + 3
        target[b, : answer + 1] = torch.cat([torch.tensor([START]), tokens])
        actual[b, : answer + 1] = torch.cat([tokens, torch.tensor([STOP])])
    memory, states = network.encode(source, lengths)
    used = torch.arange(source.shape[1])[None] < torch.tensor(lengths)[:, None]
    scores, _ = network.decode(target, memory, used, states)
    loss = nn.functional.cross_entropy(scores[target > 0], actual[target > 0])
    loss.backward()
    rows = [(source[b : b + 1], length) for b, length in enumerate(lengths)]
    with torch.no_grad():
        greedily = [greedy(network, *row) for row in rows]
        if not varied(greedily) or len({row["stopped"] for row in greedily}) < 2:
            return None
        found = [best(network, *row) for row in rows]
    if not varied(found) or all(row["tokens"] == other["tokens"] for row, other in zip(found, greedily)):
        return None
    return {
        "name": name,
        "options": {"kind": kind, "levels": levels, "bidirectional": bidirectional, "attention": attention, "units": units},
        "start": START, "stop": STOP, "maxLength": LENGTH,
        "weights": ours(network),
        "inputs": {"source": tensor(source), "target": tensor(target), "actual": tensor(actual)},
        "expected": {
            "output": tensor(scores.detach() * (target > 0)[..., None]),
            "loss": loss.item(),
            "gradients": ours(network, gradients=True),
            "greedy": greedily,
            "best": found,
        },
    }


if __name__ == "__main__":
    cases = [
        case("one LSTM each"),
        case("two GRUs each", kind="gru", levels=2),
        case("a bidirectional encoder", bidirectional=True, units=2),
        case("dot attention", attention="dot"),
        case("general attention over both directions", attention="general", bidirectional=True, units=2),
        case("additive attention over GRUs", kind="gru", attention="additive"),
    ]
    save("torch-seq2seq", "torch", torch.__version__.split("+")[0], cases)
