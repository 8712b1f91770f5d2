"""Keras 3: recurrent layers with every mask, both directions, and the results that surprise people."""

from keras_setup import our_weights, recurrent, set_random, stateless, write  # first: it chooses the backend

import jax
import jax.numpy as jnp
import keras

from write import Draw, tensor, tensors

MASKS = {
    "holes": [[1, 0, 1, 1, 0], [0, 1, 1, 0, 1], [1, 1, 0, 0, 1]],
    "left padding": [[0, 0, 1, 1, 1], [1, 1, 1, 1, 1], [0, 0, 0, 0, 1]],
    "right padding": [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [1, 0, 0, 0, 0]],
    "an empty row": [[1, 1, 0, 1, 1], [0, 0, 0, 0, 0], [1, 1, 1, 0, 0]],
}
STATES = {"lstm": ["hiddenState", "cellState"], "gru": ["hiddenState"], "simpleRnn": ["hiddenState"]}


def build(kind, options):
    """A recurrent layer, or `bidirectional` around one."""
    if kind != "bidirectional":
        return recurrent(kind, options), STATES[kind], [""]
    inner = options["layer"]
    layer = keras.layers.Bidirectional(recurrent(inner["layer"], inner["options"]), merge_mode=options["mergeMode"])
    return layer, STATES[inner["layer"]], ["forward/", "backward/"]


def case(name, kind, options, B=3, T=5, I=2, mask=None, initial=False, note=None):
    draw = Draw(f"keras {name}")
    inner = options["layer"]["options"] if kind == "bidirectional" else options
    inner["returnState"] = True
    layer, state_names, ways = build(kind, options)
    layer.build((B, T, I))
    set_random(layer, draw)
    x = draw.normal(B, T, I, scale=1)
    names = [way + state for way in ways for state in state_names]
    start = {key: draw.normal(B, inner["units"]) for key in names} if initial else {}

    def forward(variables, x, start):
        options = {} if mask is None else {"mask": jnp.array(mask, dtype=bool)}
        if start:
            options["initial_state"] = [start[key] for key in names]
        results = stateless(layer, variables, x, **options)
        count = len(results) - len(names)
        outputs = {"output": results[0]} if count == 1 else {f"{way}output": value for way, value in zip(ways, results)}
        return {**outputs, **dict(zip(names, results[count:]))}

    variables = [variable.value for variable in layer.trainable_variables]
    expected = forward(variables, x, start)
    upstream = {key: draw.normal(*value.shape, scale=1) for key, value in expected.items()}

    def loss(variables, x, start):
        values = forward(variables, x, start)
        return sum(jnp.sum(values[key] * weight) for key, weight in upstream.items())

    value, slopes = jax.value_and_grad(loss, argnums=(0, 1, 2))(variables, jnp.array(x), start)
    inputs = {"x": tensor(x)}
    if mask is not None:
        inputs["mask"] = tensor(mask)
    if start:
        inputs["initialState"] = tensors(start)
    return {
        "name": name,
        "layer": kind,
        "options": options,
        **({"note": note} if note else {}),
        "weights": tensors(our_weights(layer.trainable_variables, variables)),
        "inputs": inputs,
        "upstream": tensors(upstream),
        "expected": {
            **tensors(expected),
            "loss": float(value),
            "gradients": tensors({**our_weights(layer.trainable_variables, slopes[0]), "x": slopes[1], **slopes[2]}),
        },
    }


def each(units=3, sequences=True, **options):
    return {"units": units, "returnSequences": sequences, **options}


def layer_cases(kind, **options):
    """The forms that every kind of layer is asked for, without a mask."""
    reset = f", {'reset after' if options['resetAfter'] else 'reset before'}" if kind == "gru" else ""
    title = f"{kind}{reset}"
    return [
        case(f"{title}", kind, each(**options)),
        case(f"{title}, from a given state", kind, each(**options), initial=True),
        case(f"{title}, last output alone", kind, each(sequences=False, **options)),
        case(f"{title}, no bias", kind, each(useBias=False, **options)),
        case(f"{title}, activation relu", kind, each(activation="relu", **options)),
        case(f"{title}, backwards", kind, each(goBackwards=True, **options), note="outputs stay in the order of processing"),
        case(f"{title}, backwards, last output alone", kind, each(sequences=False, goBackwards=True, **options),
             note="the last output follows x[0]"),
    ]


def mask_cases(kind, **options):
    reset = f", {'reset after' if options['resetAfter'] else 'reset before'}" if kind == "gru" else ""
    title = f"{kind}{reset}"
    holds = "a masked step holds the state and repeats the hidden state as its output"
    cases = []
    for pattern, mask in MASKS.items():
        cases.append(case(f"{title}, mask with {pattern}", kind, each(**options), mask=mask, note=holds))
    cases += [
        case(f"{title}, mask, last output alone", kind, each(sequences=False, **options), mask=MASKS["holes"]),
        case(f"{title}, mask with an empty row, from a given state", kind, each(**options), mask=MASKS["an empty row"], initial=True,
             note="masked steps before any valid one give the initial hidden state; an empty row gives it throughout"),
        case(f"{title}, mask with left padding, zero output for mask", kind, each(zeroOutputForMask=True, **options),
             mask=MASKS["left padding"]),
        case(f"{title}, mask with holes, zero output for mask, from a given state", kind, each(zeroOutputForMask=True, **options),
             mask=MASKS["holes"], initial=True),
        case(f"{title}, mask with right padding, zero output for mask, last output alone", kind,
             each(sequences=False, zeroOutputForMask=True, **options), mask=MASKS["right padding"],
             note="Keras zeroes the last output too when the last step is masked; the states are held"),
        case(f"{title}, mask with holes, backwards", kind, each(goBackwards=True, **options), mask=MASKS["holes"]),
    ]
    return cases


def bidirectional(kind, merge, sequences=True, **inner):
    return {"mergeMode": merge, "layer": {"layer": kind, "options": each(sequences=sequences, units=2, **inner)}}


def bidirectional_cases():
    """Keras sets zero_output_for_mask inside Bidirectional when sequences are returned, and clears it when not."""
    cases = []
    for merge in ("concat", "sum", "mul", "ave", None):
        cases += [
            case(f"bidirectional lstm, {merge}", "bidirectional", bidirectional("lstm", merge)),
            case(f"bidirectional lstm, {merge}, mask with holes", "bidirectional", bidirectional("lstm", merge), mask=MASKS["holes"],
                 note="masked steps give 0 in each direction"),
            case(f"bidirectional lstm, {merge}, last outputs", "bidirectional", bidirectional("lstm", merge, sequences=False)),
        ]
    concat = [
        (f"{pattern}, {last}", mask, last == "every output")
        for pattern, mask in MASKS.items() for last in ("every output", "last outputs")
    ]
    cases += [
        case(f"bidirectional gru, concat, mask with {title}", "bidirectional",
             bidirectional("gru", "concat", sequences=sequences, resetAfter=False), mask=mask)
        for title, mask, sequences in concat
    ]
    return cases + [
        case("bidirectional lstm, concat, from given states", "bidirectional", bidirectional("lstm", "concat"), initial=True),
        case("bidirectional simpleRnn, sum, mask with an empty row, from given states", "bidirectional",
             bidirectional("simpleRnn", "sum"), mask=MASKS["an empty row"], initial=True),
    ]


if __name__ == "__main__":
    lstm = layer_cases("lstm") + [
        case("lstm, recurrent activation hard sigmoid", "lstm", each(recurrentActivation="hardSigmoid")),
        case("lstm, activation softsign, recurrent activation hard sigmoid, no bias", "lstm",
             each(activation="softsign", recurrentActivation="hardSigmoid", useBias=False)),
        case("lstm, odd sizes", "lstm", each(units=6), B=3, T=7, I=5),
    ]
    before, after = {"resetAfter": False}, {"resetAfter": True}
    gru = layer_cases("gru", **after) + layer_cases("gru", **before) + [
        case("gru, reset before, recurrent activation hard sigmoid", "gru", each(recurrentActivation="hardSigmoid", **before)),
        case("gru, reset before, odd sizes", "gru", each(units=6, **before), B=3, T=7, I=5),
    ]
    write("keras-lstm", lstm)
    write("keras-gru", gru)
    write("keras-simple-rnn", layer_cases("simpleRnn"))
    write("keras-masks-lstm", mask_cases("lstm"))
    write("keras-masks-gru", mask_cases("gru", **after) + mask_cases("gru", **before))
    write("keras-masks-simple-rnn", mask_cases("simpleRnn"))
    write("keras-bidirectional", bidirectional_cases())
