"""Keras 3: losses on random data with their gradients, sample weights and masks. Keras reduces to the mean over all samples."""

from keras_setup import write  # first: it chooses the backend

from functools import partial

import jax
import jax.numpy as jnp
import keras
import numpy as np
from keras.src.backend import set_keras_mask

from write import Draw, tensor, tensors

REGRESSION = {
    "meanSquaredError": keras.losses.MeanSquaredError,
    "meanAbsoluteError": keras.losses.MeanAbsoluteError,
    "huber": keras.losses.Huber,
    "logCosh": keras.losses.LogCosh,
    "cosineSimilarity": keras.losses.CosineSimilarity,
}


def case(name, kind, make, truth, prediction, options=None, weight=None, mask=None, note=None):
    """`perSample` is the loss before its reduction: one number for each sample, or each step of each sample."""

    def reduced(prediction):
        values = jnp.asarray(prediction)
        if mask is not None:
            set_keras_mask(values, jnp.array(mask, dtype=bool))
        return make(reduction="sum_over_batch_size")(truth, values, sample_weight=weight)

    loss, slope = jax.value_and_grad(reduced)(jnp.array(prediction))
    return {
        "name": name,
        "loss": kind,
        "options": options or {},
        **({"note": note} if note else {}),
        "inputs": tensors({"yTrue": truth, "yPred": prediction, "sampleWeight": weight, "mask": mask}),
        "expected": {
            "loss": float(loss),
            "perSample": tensor(make(reduction=None)(truth, prediction)),
            "gradients": {"yPred": tensor(slope)},
        },
    }


def regression():
    cases = []
    for kind, make in REGRESSION.items():
        for title, shape in (("", (4, 3)), (" over time", (2, 3, 2))):
            draw = Draw(f"{kind}{title}")
            cases.append(case(f"{kind}{title}", kind, make, draw.normal(*shape, scale=1.5), draw.normal(*shape, scale=1.5)))
    draw = Draw("huber delta")
    cases.append(case("huber, delta 0.5", "huber", partial(keras.losses.Huber, delta=0.5),
                      draw.normal(4, 3), draw.normal(4, 3), {"delta": 0.5}))
    draw = Draw("poisson")
    cases.append(case("poisson", "poisson", keras.losses.Poisson, draw.integers(4, 3, high=6).astype(float),
                      draw.uniform(4, 3, low=0.1, high=4)))
    draw = Draw("kl")
    p, q = (np.round(part / part.sum(-1, keepdims=True), 4) for part in (draw.uniform(4, 3, low=0.1), draw.uniform(4, 3, low=0.1)))
    cases.append(case("klDivergence", "klDivergence", keras.losses.KLDivergence, p, q))
    return cases


def entropies():
    """Each from logits, and once from probabilities, which Keras clips to [1e-7, 1 − 1e-7] (and rescales to sum 1 if categorical)."""
    draw = Draw("entropies")
    logits, labels = draw.normal(4, 3, scale=2), draw.integers(4, high=3)
    one_hot = np.eye(3)[labels]
    soft = np.array([[0.7, 0.2, 0.1], [0, 1, 0], [0.25, 0.25, 0.5], [0.1, 0, 0.9]])
    chances = np.round(np.exp(logits) / np.exp(logits).sum(-1, keepdims=True), 4)
    steps, step_labels = draw.normal(2, 3, 4, scale=2), draw.integers(2, 3, high=4)
    yes_no = draw.integers(4, 3, high=2).astype(float)
    wide = np.array([[-40, 30, 0.5], [45, -35, 2]])
    with_logits = lambda made: lambda from_logits, **more: partial(made, from_logits=from_logits, **more)
    binary = with_logits(keras.losses.BinaryCrossentropy)
    categorical = with_logits(keras.losses.CategoricalCrossentropy)
    sparse = with_logits(keras.losses.SparseCategoricalCrossentropy)
    yes, no = {"fromLogits": True}, {"fromLogits": False}
    return [
        case("binaryCrossentropy from logits", "binaryCrossentropy", binary(True), yes_no, logits, yes),
        case("binaryCrossentropy from logits, far out", "binaryCrossentropy", binary(True), np.array([[1.0, 0, 1], [1, 1, 0]]), wide, yes),
        case("binaryCrossentropy from logits, smoothed", "binaryCrossentropy", binary(True, label_smoothing=0.2), yes_no, logits,
             {**yes, "labelSmoothing": 0.2}),
        case("binaryCrossentropy from probabilities", "binaryCrossentropy", binary(False), yes_no, chances, no),
        case("categoricalCrossentropy from logits", "categoricalCrossentropy", categorical(True), one_hot, logits, yes),
        case("categoricalCrossentropy from logits, soft targets", "categoricalCrossentropy", categorical(True), soft, logits, yes),
        case("categoricalCrossentropy from logits, smoothed", "categoricalCrossentropy", categorical(True, label_smoothing=0.1),
             one_hot, logits, {**yes, "labelSmoothing": 0.1}),
        case("categoricalCrossentropy from logits, far out", "categoricalCrossentropy", categorical(True), np.eye(3)[[0, 2]], wide, yes),
        case("categoricalCrossentropy from probabilities", "categoricalCrossentropy", categorical(False), one_hot, chances, no),
        case("sparseCategoricalCrossentropy from logits", "sparseCategoricalCrossentropy", sparse(True), labels, logits, yes),
        case("sparseCategoricalCrossentropy from logits over time", "sparseCategoricalCrossentropy", sparse(True), step_labels, steps, yes),
        case("sparseCategoricalCrossentropy from probabilities", "sparseCategoricalCrossentropy", sparse(False), labels, chances, no),
    ]


def weighted():
    draw = Draw("weighted")
    truth, prediction = draw.normal(4, 3), draw.normal(4, 3)
    steps, step_truth = draw.normal(3, 4, 2), draw.normal(3, 4, 2)
    logits, labels = draw.normal(3, 4, 3, scale=2), draw.integers(3, 4, high=3)
    weight, step_weight = np.array([1, 0.5, 0, 3]), draw.uniform(3, 4, high=2)
    mask = np.array([[1, 1, 0, 0], [1, 0, 1, 1], [0, 0, 0, 0]])
    mse = keras.losses.MeanSquaredError
    sparse = partial(keras.losses.SparseCategoricalCrossentropy, from_logits=True)
    by_count = "the weighted sum is divided by the number of samples, not by the sum of their weights"
    by_valid = "masked steps leave both the sum and the count"
    return [
        case("meanSquaredError, sample weights", "meanSquaredError", mse, truth, prediction, weight=weight, note=by_count),
        case("meanSquaredError, step weights", "meanSquaredError", mse, step_truth, steps, weight=step_weight, note=by_count),
        case("sparseCategoricalCrossentropy, step weights", "sparseCategoricalCrossentropy", sparse, labels, logits,
             {"fromLogits": True}, weight=step_weight, note=by_count),
        case("meanSquaredError, mask", "meanSquaredError", mse, step_truth, steps, mask=mask, note=by_valid),
        case("sparseCategoricalCrossentropy, mask", "sparseCategoricalCrossentropy", sparse, labels, logits,
             {"fromLogits": True}, mask=mask, note=by_valid),
        case("meanSquaredError, mask and step weights", "meanSquaredError", mse, step_truth, steps, weight=step_weight, mask=mask,
             note=by_valid),
    ]


if __name__ == "__main__":
    write("keras-losses", regression() + entropies() + weighted())
