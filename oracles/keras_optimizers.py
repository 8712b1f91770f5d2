"""Keras 3: ten steps of each optimizer over fixed gradients, and learning-rate schedules by step."""

from keras_setup import snake, write  # first: it chooses the backend

import jax.numpy as jnp
import keras

from write import Draw, tensors

OPTIMIZERS = {
    "sgd": keras.optimizers.SGD, "rmsprop": keras.optimizers.RMSprop, "adam": keras.optimizers.Adam, "adamW": keras.optimizers.AdamW,
    "nadam": keras.optimizers.Nadam, "adagrad": keras.optimizers.Adagrad, "adadelta": keras.optimizers.Adadelta,
}
SCHEDULES = {
    "exponential": keras.optimizers.schedules.ExponentialDecay,
    "cosine": keras.optimizers.schedules.CosineDecay,
    "cosineRestarts": keras.optimizers.schedules.CosineDecayRestarts,
    "piecewiseConstant": keras.optimizers.schedules.PiecewiseConstantDecay,
}
WORDS = {"beta1": "beta_1", "beta2": "beta_2", "clipNorm": "clipnorm", "clipValue": "clipvalue", "globalClipNorm": "global_clipnorm"}
SHOWN = (1, 3, 10)


def keywords(options):
    return {WORDS.get(key, snake(key)): value for key, value in options.items()}


def fixed_gradients():
    """Ten gradients for two weights of unlike size, with a zero, a sign that turns, and a component that is always small."""
    draw = Draw("gradients")
    steps = [{"a": draw.normal(3, scale=1), "b": draw.normal(2, 2, scale=0.3)} for _ in range(10)]
    for step, gradient in enumerate(steps):
        gradient["a"][1] = 0 if step == 4 else gradient["a"][1]
        gradient["a"][2] = round(gradient["a"][2] * 0.001, 7)
        gradient["b"][0, 1] = 0 if step < 5 else gradient["b"][0, 1]
    return steps


def optimizer_case(name, kind, **options):
    draw = Draw("optimizer weights")
    weights = {"a": draw.normal(3), "b": draw.normal(2, 2)}
    variables = [keras.Variable(value, dtype="float64", name=key) for key, value in weights.items()]
    rate = options["learningRate"]
    made = dict(options)
    if isinstance(rate, dict):
        made["learningRate"] = SCHEDULES[rate["schedule"]](**keywords(rate["options"]))
    optimizer = OPTIMIZERS[kind](**keywords(made))
    optimizer.build(variables)
    after = {}
    steps = fixed_gradients()
    for step, gradient in enumerate(steps, start=1):
        optimizer.apply([jnp.array(value) for value in gradient.values()], variables)
        if step in SHOWN:
            after[str(step)] = tensors({variable.name: variable.value for variable in variables})
    return {
        "name": name,
        "optimizer": kind,
        "options": options,
        "weights": tensors(weights),
        "gradients": [tensors(gradient) for gradient in steps],
        "expected": {"weightsAfter": after},
    }


def optimizers():
    decay = {"schedule": "exponential", "options": {"initialLearningRate": 0.1, "decaySteps": 2, "decayRate": 0.5}}
    return [
        optimizer_case("sgd", "sgd", learningRate=0.1),
        optimizer_case("sgd, momentum", "sgd", learningRate=0.1, momentum=0.9),
        optimizer_case("sgd, Nesterov", "sgd", learningRate=0.1, momentum=0.9, nesterov=True),
        optimizer_case("sgd, weight decay", "sgd", learningRate=0.1, weightDecay=0.05),
        optimizer_case("sgd, exponential schedule", "sgd", learningRate=decay),
        optimizer_case("rmsprop", "rmsprop", learningRate=0.01, rho=0.9, momentum=0, epsilon=1e-7, centered=False),
        optimizer_case("rmsprop, momentum", "rmsprop", learningRate=0.01, rho=0.9, momentum=0.5),
        optimizer_case("rmsprop, centered", "rmsprop", learningRate=0.01, rho=0.9, centered=True),
        optimizer_case("adam", "adam", learningRate=0.01),
        optimizer_case("adam, other betas and epsilon", "adam", learningRate=0.01, beta1=0.8, beta2=0.95, epsilon=1e-3),
        optimizer_case("adam, amsgrad", "adam", learningRate=0.01, amsgrad=True),
        optimizer_case("adamW", "adamW", learningRate=0.01, weightDecay=0.004),
        optimizer_case("adamW, strong decay", "adamW", learningRate=0.01, weightDecay=0.5),
        optimizer_case("nadam", "nadam", learningRate=0.01),
        optimizer_case("adagrad", "adagrad", learningRate=0.1),
        optimizer_case("adadelta", "adadelta", learningRate=1.0),
        optimizer_case("sgd, clip value", "sgd", learningRate=0.1, clipValue=0.5),
        optimizer_case("sgd, clip norm", "sgd", learningRate=0.1, clipNorm=0.5),
        optimizer_case("sgd, global clip norm", "sgd", learningRate=0.1, globalClipNorm=0.5),
        optimizer_case("sgd, gradient accumulation", "sgd", learningRate=0.1, gradientAccumulationSteps=2),
    ]


def schedule_case(name, kind, steps, **options):
    schedule = SCHEDULES[kind](**keywords(options))
    values = [float(schedule(float(step))) for step in steps]
    return {"name": name, "schedule": kind, "options": options, "inputs": {"steps": steps}, "expected": {"learningRates": values}}


def schedules():
    early, late = [0, 1, 2, 5, 9, 10, 11], [15, 20, 25, 30, 31, 50, 70, 100]
    return [
        schedule_case("exponential", "exponential", early + late, initialLearningRate=0.1, decaySteps=10, decayRate=0.9),
        schedule_case("exponential, staircase", "exponential", early + late, initialLearningRate=0.1, decaySteps=10, decayRate=0.9,
                      staircase=True),
        schedule_case("cosine", "cosine", early + late, initialLearningRate=0.1, decaySteps=30),
        schedule_case("cosine, floor", "cosine", early + late, initialLearningRate=0.1, decaySteps=30, alpha=0.05),
        schedule_case("cosine, warm-up", "cosine", early + late, initialLearningRate=0.01, decaySteps=20, alpha=0.1, warmupTarget=0.2,
                      warmupSteps=10),
        schedule_case("cosine with restarts", "cosineRestarts", early + late, initialLearningRate=0.1, firstDecaySteps=10),
        schedule_case("cosine with restarts, equal lengths", "cosineRestarts", early + late, initialLearningRate=0.1, firstDecaySteps=10,
                      tMul=1.0, mMul=0.5, alpha=0.1),
        schedule_case("cosine with restarts, growing", "cosineRestarts", early + late, initialLearningRate=0.1, firstDecaySteps=10,
                      tMul=1.5, mMul=0.8),
        schedule_case("piecewise constant", "piecewiseConstant", early + late, boundaries=[10, 30], values=[0.1, 0.05, 0.01]),
    ]


if __name__ == "__main__":
    write("keras-optimizers", optimizers())
    write("keras-schedules", schedules())
