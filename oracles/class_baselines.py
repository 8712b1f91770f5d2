"""NumPy: softmax regression with an L2 penalty by Newton's method with the full Hessian, its features, the nearest neighbour, macro F1."""

import numpy as np

from write import Draw, save, tensor

PENALTIES = [1, 0.1, 0.01, 1e-3, 1e-4]


def scaled(train, lengths, sequences):
    """z = (x − mean) / std of each variable, over the steps of `train` that count."""
    valid = np.concatenate([row[:length] for row, length in zip(train, lengths)])
    return (sequences - valid.mean(axis=0)) / valid.std(axis=0)


def steps(z, lengths):
    """All steps side by side, 0 beyond a sequence's end."""
    counts = np.arange(z.shape[1])[None, :] < lengths[:, None]
    return (z * counts[:, :, None]).reshape(len(z), -1)


def summary(z, lengths):
    """First, last, mean, std, lowest, highest of each variable."""
    rows = [row[:length] for row, length in zip(z, lengths)]
    return np.array([
        np.stack([row[0], row[-1], row.mean(0), row.std(0), row.min(0), row.max(0)], axis=1).ravel() for row in rows
    ])


def probabilities(features, weights):
    logits = np.c_[features, np.ones(len(features))] @ weights
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def logistic(features, y, classes, penalty):
    """The minimum of −mean log p[y] + penalty/2 |W|², bias free. The Hessian is singular along a shift of all biases: pinv leaves it at 0."""
    x, onehot = np.c_[features, np.ones(len(features))], np.eye(classes)[y]
    weights = np.zeros((x.shape[1], classes))
    penalised = np.repeat(np.r_[np.full(x.shape[1] - 1, penalty), 0], classes)
    for _ in range(200):
        p = probabilities(features, weights)
        gradient = (x.T @ (p - onehot) / len(x)).ravel() + penalised * weights.ravel()
        if np.abs(gradient).max() < 1e-13:
            break
        spread = p[:, :, None] * (np.eye(classes)[None] - p[:, None, :])  # dp/dlogits [N, C, C]
        hessian = np.einsum("ni,nj,ncd->icjd", x, x, spread).reshape(weights.size, weights.size) / len(x)
        step = np.linalg.pinv(hessian + np.diag(penalised), hermitian=True) @ gradient
        loss = objective(features, y, weights, penalised)
        while objective(features, y, weights - step.reshape(weights.shape), penalised) > loss + 1e-14:
            step /= 2
        weights = weights - step.reshape(weights.shape)
    return weights


def objective(features, y, weights, penalised):
    return entropy(features, y, weights) + (penalised * weights.ravel() ** 2).sum() / 2


def entropy(features, y, weights):
    return -np.log(probabilities(features, weights)[np.arange(len(y)), y]).mean()


def macro_f1(actual, told):
    scores = []
    for label in np.union1d(actual, told):
        right = ((actual == label) & (told == label)).sum()
        scores.append(2 * right / ((actual == label).sum() + (told == label).sum()))
    return np.mean(scores)


def case(name, classes, ragged):
    draw = Draw(name)
    parts = {}
    for part, count in [("train", 60), ("validation", 30), ("test", 20)]:
        y = draw.integers(count, high=classes)
        x = draw.normal(count, 5, 2, scale=1.0) + 0.8 * np.sin(y)[:, None, None] + np.arange(5)[None, :, None] * (y[:, None, None] - 1) / 5
        lengths = 2 + draw.integers(count, high=4) if ragged else np.full(count, 5)
        parts[part] = (np.round(x, 4), y, lengths)
    train, _, lengths = parts["train"]
    expected = {}
    for kind, read in [("logistic", steps), ("summaryLogistic", summary)]:
        rows = {part: read(scaled(train, lengths, x), own) for part, (x, _, own) in parts.items()}
        fits = [logistic(rows["train"], parts["train"][1], classes, penalty) for penalty in PENALTIES]
        losses = [entropy(rows["validation"], parts["validation"][1], weights) for weights in fits]
        best = int(np.argmin(losses))
        told = probabilities(rows["test"], fits[best]).argmax(axis=1)
        expected[kind] = {
            "features": tensor(rows["test"]), "penalty": PENALTIES[best], "told": told.tolist(),
            "probabilities": {str(penalty): tensor(probabilities(rows["test"], w)) for penalty, w in zip(PENALTIES, fits)},
            "accuracy": (told == parts["test"][1]).mean(), "macroF1": macro_f1(parts["test"][1], told),
        }
    near, far = (steps(scaled(train, lengths, x), own) for x, _, own in (parts["train"], parts["test"]))
    told = parts["train"][1][((far[:, None] - near[None]) ** 2).sum(-1).argmin(axis=1)]
    expected["nearest"] = {
        "told": told.tolist(), "accuracy": (told == parts["test"][1]).mean(), "macroF1": macro_f1(parts["test"][1], told),
    }
    inputs = {part: {"x": tensor(x), "y": y.tolist(), "lengths": own.tolist()} for part, (x, y, own) in parts.items()}
    return {"name": name, "classes": classes, "inputs": inputs, "expected": expected}


if __name__ == "__main__":
    save("numpy-class-baselines", "numpy", np.__version__, [
        case("two classes", 2, ragged=False),
        case("four classes, ragged", 4, ragged=True),
    ])
