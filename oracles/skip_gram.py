"""NumPy: skip-gram with negative sampling, pair by pair from the paper's formula: loss, slopes by hand, and the tables after one step of descent."""

import numpy as np

from write import Draw, save, tensor


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def case(name, words, dimensions, pairs, negatives, rate):
    draw = Draw(name)
    inside, outside = draw.normal(words, dimensions), draw.normal(words, dimensions)
    centres = draw.integers(pairs, high=words)
    targets = draw.integers(pairs, 1 + negatives, high=words)
    loss, d_inside, d_outside = 0.0, np.zeros_like(inside), np.zeros_like(outside)
    for centre, [neighbour, *others] in zip(centres, targets):
        u = inside[centre]
        for target, label in [(neighbour, 1), *((other, 0) for other in others)]:
            v = outside[target]
            told = sigmoid(u @ v)
            loss -= np.log(told if label else 1 - told)
            d_inside[centre] += (told - label) * v
            d_outside[target] += (told - label) * u
    return {
        "name": name, "rate": rate,
        "inputs": {"inside": tensor(inside), "outside": tensor(outside), "centres": tensor(centres), "targets": tensor(targets)},
        "expected": {
            "loss": loss,
            "gradients": {"inside": tensor(d_inside), "outside": tensor(d_outside)},
            "after": {"inside": tensor(inside - rate * d_inside), "outside": tensor(outside - rate * d_outside)},
        },
    }


if __name__ == "__main__":
    save("skip-gram", "numpy", np.__version__, [
        case("one pair", 4, 3, 1, 2, 0.1),
        case("words that meet more than once", 5, 4, 12, 5, 0.025),
        case("no negative samples", 6, 2, 4, 0, 1.0),
    ])
