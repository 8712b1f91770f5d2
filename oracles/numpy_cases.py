"""NumPy: the quantile (pinball) loss by its definition, which neither framework has: max(q·e, (q − 1)·e) with e = yTrue − yPred."""

import numpy as np

from write import Draw, save, tensor


def pinball(name, quantiles, *shape):
    """yTrue [..., 1] against one prediction for each quantile, yPred [..., Q]. The mean over all predictions, without the factor 2."""
    draw = Draw(name)
    truth, prediction = draw.normal(*shape, 1, scale=1), draw.normal(*shape, len(quantiles), scale=1)
    q = np.array(quantiles)
    error = truth - prediction
    losses = np.maximum(q * error, (q - 1) * error)
    slope = np.where(error > 0, -q, 1 - q) / losses.size
    return {
        "name": name,
        "loss": "quantile",
        "options": {"quantiles": quantiles},
        "inputs": {"yTrue": tensor(truth), "yPred": tensor(prediction)},
        "expected": {
            "loss": losses.mean(), "perSample": tensor(losses.mean(axis=-1)), "gradients": {"yPred": tensor(slope)},
        },
    }


if __name__ == "__main__":
    save("numpy-losses", "numpy", np.__version__, [
        pinball("median", [0.5], 5),
        pinball("one high quantile", [0.9], 5),
        pinball("three quantiles", [0.1, 0.5, 0.9], 5),
        pinball("three quantiles over a horizon", [0.1, 0.5, 0.9], 3, 4),
    ])
