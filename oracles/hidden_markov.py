"""
PyTorch: hidden Markov models by one recursion in logarithms, for all else is its slope. With a number added to the score of each step and state, the
slopes of the log-likelihood by these are P(s_t = i | o); its slopes by log π, log a, log b are the expected counts of Baum–Welch; and with max
in place of log-sum-exp the slopes point out the likeliest path. No backward recursion, and no Viterbi.
"""

import numpy as np
import torch

from pytorch import write
from write import Draw, tensor

torch.set_default_dtype(torch.float64)


def score(logs, sequence, extra, join):
    """join = logsumexp: log P(o); join = amax: log P(o, likeliest path)."""
    initial, transition, emission = logs
    at = initial + emission[:, sequence[0]] + extra[0]
    for t in range(1, len(sequence)):
        at = join(at[:, None] + transition, dim=0) + emission[:, sequence[t]] + extra[t]
    return join(at, dim=0)


def rows(draw, count, width):
    drawn = draw.uniform(count, width, low=0.05)
    shares = np.round(drawn / drawn.sum(axis=1, keepdims=True), 4)
    shares[:, -1] = np.round(1 - shares[:, :-1].sum(axis=1), 4)
    return shares


def case(name, states, symbols, lengths, pseudocount=0.0):
    draw = Draw(name)
    model = {"initial": rows(draw, 1, states)[0], "transition": rows(draw, states, states), "emission": rows(draw, states, symbols)}
    sequences = [draw.integers(length, high=symbols).tolist() for length in lengths]
    logs = [torch.tensor(value).log().requires_grad_() for value in model.values()]
    total, results = 0, []
    for sequence in sequences:
        extra = [torch.zeros(len(sequence), states, requires_grad=True) for _ in range(2)]
        likelihood = score(logs, sequence, extra[0], torch.logsumexp)
        best = score(logs, sequence, extra[1], torch.amax)
        [posterior], [path] = torch.autograd.grad(likelihood, extra[0], retain_graph=True), torch.autograd.grad(best, extra[1])
        with torch.no_grad():
            nothing = torch.zeros(len(sequence) + 1, states)
            ahead = [[score(logs, [*sequence[:t], k], nothing, torch.logsumexp) for k in range(symbols)] for t in range(len(sequence) + 1)]
            before = [0, *(score(logs, sequence[:t], nothing, torch.logsumexp) for t in range(1, len(sequence) + 1))]
        results.append({
            "logLikelihood": likelihood.item(),
            "stateProbabilities": tensor(posterior.numpy()),
            "symbolProbabilities": tensor(np.exp([[float(k - log) for k in row] for row, log in zip(ahead, before)])),
            "likeliestStates": path.argmax(dim=1).tolist(),
            "logProbability": best.item(),
        })
        total = total + likelihood
    counts = [grad.numpy() + pseudocount for grad in torch.autograd.grad(total, logs)]
    return {
        "name": name, "states": states, "symbols": symbols, "pseudocount": pseudocount,
        "model": {key: tensor(value) for key, value in model.items()}, "sequences": sequences,
        "expected": {
            "sequences": results,
            "update": {key: tensor(count / count.sum(axis=-1, keepdims=True)) for key, count in zip(model, counts)},
        },
    }


if __name__ == "__main__":
    write("hidden-markov", [
        case("two states, two symbols", 2, 2, [6]),
        case("several sequences", 3, 4, [9, 1, 5]),
        case("more states than symbols", 5, 2, [12, 7]),
        case("a long sequence", 3, 3, [150]),
        case("one state", 1, 3, [4]),
        case("with a pseudocount", 3, 4, [8, 3], pseudocount=0.5),
    ])
