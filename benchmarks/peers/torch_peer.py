"""PyTorch as a peer: the same protocol as serve.mjs. Weights arrive in the layout i f g o (GRU z r h) and are transposed."""
import json
import resource
import sys
import time

try:
    import numpy as np
    import torch
except ImportError as missing:
    for _ in sys.stdin:
        print(json.dumps({"error": f"PyTorch is not installed here ({missing.name}); set SLUICE_PYTHON to a Python that has it"}), flush=True)
    sys.exit()


def numbers(seed):
    state = {"word": seed or 1}

    def draw(count, scale):
        out = np.empty(count, dtype=np.float32)
        word = state["word"]
        for k in range(count):
            word ^= (word << 13) & 0xFFFFFFFF
            word ^= word >> 17
            word ^= (word << 5) & 0xFFFFFFFF
            out[k] = np.float32(((word >> 8) / 2**23 - 1) * scale)
        state["word"] = word
        return out

    return draw


def materials(c):
    draw, H, cell = numbers(12345), c["H"], c.get("cell", "lstm")
    G, scale = (3 if cell == "gru" else 4), 1 / np.sqrt(c["H"])
    ways = ["forward", "backward"] if c.get("bidirectional") else ["forward"]
    layers = []
    for k in range(c.get("layers", 1)):
        width = c["I"] if k == 0 else H
        layer = {}
        for way in ways:
            w = {"kernel": draw(width * G * H, scale).reshape(width, G * H)}
            w["recurrentKernel"] = draw(H * G * H, scale).reshape(H, G * H)
            w["bias"] = draw(G * H, scale)
            if cell == "gru":
                w["recurrentBias"] = draw(G * H, scale)
            layer[way] = w
        layers.append(layer)
    dense = {"kernel": draw(H * len(ways), scale), "bias": draw(1, scale)}
    x = draw(c["B"] * c["T"] * c["I"], 1).reshape(c["B"], c["T"], c["I"])
    y = draw(c["B"], 1).reshape(c["B"], 1)
    return layers, dense, x, y


class Net(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        kind = torch.nn.GRU if c.get("cell") == "gru" else torch.nn.LSTM
        self.rnn = kind(c["I"], c["H"], num_layers=c.get("layers", 1), batch_first=True, bidirectional=bool(c.get("bidirectional")))
        self.head = torch.nn.Linear(c["H"] * (2 if c.get("bidirectional") else 1), 1)
        self.both = bool(c.get("bidirectional"))
        self.H = c["H"]

    def forward(self, x):
        out, _ = self.rnn(x)
        # The last output of each direction, as Keras's Bidirectional gives it.
        last = torch.cat([out[:, -1, : self.H], out[:, 0, self.H :]], 1) if self.both else out[:, -1]
        return self.head(last)


def load(net, layers, dense, cell):
    def ours(matrix):  # [I, G·H] to torch's [G·H, I], blocks z r h to r z n
        parts = np.split(matrix, 3, -1) if cell == "gru" else None
        matrix = np.concatenate([parts[1], parts[0], parts[2]], -1) if parts else matrix
        return torch.from_numpy(np.ascontiguousarray(matrix.T if matrix.ndim == 2 else matrix))

    with torch.no_grad():
        for k, layer in enumerate(layers):
            for way, w in layer.items():
                end = f"_l{k}" + ("_reverse" if way == "backward" else "")
                getattr(net.rnn, "weight_ih" + end).copy_(ours(w["kernel"]))
                getattr(net.rnn, "weight_hh" + end).copy_(ours(w["recurrentKernel"]))
                getattr(net.rnn, "bias_ih" + end).copy_(ours(w["bias"]))
                second = getattr(net.rnn, "bias_hh" + end)
                second.copy_(ours(w["recurrentBias"])) if cell == "gru" else second.zero_()
                if cell != "gru":
                    second.requires_grad_(False)  # one bias, as in the layout given
        net.head.weight.copy_(torch.from_numpy(dense["kernel"]).reshape(1, -1))
        net.head.bias.copy_(torch.from_numpy(dense["bias"]))


def stream(c):
    """One LSTMCell step after the other, the state kept."""
    layers, _, x, _ = materials(c)
    cell, w = torch.nn.LSTMCell(c["I"], c["H"]), layers[0]["forward"]
    with torch.no_grad():
        cell.weight_ih.copy_(torch.from_numpy(np.ascontiguousarray(w["kernel"].T)))
        cell.weight_hh.copy_(torch.from_numpy(np.ascontiguousarray(w["recurrentKernel"].T)))
        cell.bias_ih.copy_(torch.from_numpy(w["bias"]))
        cell.bias_hh.zero_()
    x = torch.from_numpy(x[:, 0])
    state = None

    def step():
        nonlocal state
        with torch.inference_mode():
            state = cell(x, state)
            return state[0].numpy()

    for _ in range(2):
        step()
    return step, [float(v) for v in step().flatten()[:8]]


def make(command):
    c, what = command["config"], command["what"]
    if c.get("resetAfter") is False:
        raise ValueError("PyTorch has no GRU with reset before the product")
    torch.set_num_threads(command["threads"])
    if what == "stream":
        return stream(c)
    layers, dense, x, y = materials(c)
    net = Net(c)
    load(net, layers, dense, c.get("cell", "lstm"))
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    if what == "forward":
        def step():
            with torch.inference_mode():
                return net(x)
        return step, [float(v) for v in step().flatten()[:8]]
    adam = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=0.001, eps=1e-7)

    def step():
        adam.zero_grad(set_to_none=True)
        loss = torch.nn.functional.mse_loss(net(x), y)
        loss.backward()
        adam.step()
        return loss.item()

    return step, [step() for _ in range(3)]


step, steps_per_tick = None, 1
for line in sys.stdin:
    command = json.loads(line)
    try:
        if "set" in command:
            step, check = make(command["set"])
            steps_per_tick = command["set"]["config"].get("stepsPerTick", 1)
            answer = {"check": check}
        elif "run" in command:
            ms = []
            for _ in range(command["run"]):
                start = time.perf_counter()
                for _ in range(steps_per_tick):
                    step()
                ms.append((time.perf_counter() - start) * 1000 / steps_per_tick)
            answer = {"ms": ms}
        else:
            answer = {"rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
    except Exception as error:  # the message goes back to the table
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
