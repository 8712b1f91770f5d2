"""Keras 3: attention by products, additive attention and several heads, with masks of query and value, causal, own keys; gradients.

Luong's "general" score and additive attention with projections are Keras layers behind a product; pooling is Keras' softmax.
"""

from keras_setup import stateless, write  # first: it chooses the backend

import jax
import jax.numpy as jnp
import keras

from write import Draw, tensor, tensors


def attention(options):
    """Keras' Attention; with score "general" on keys times a kernel, with "scaled" on queries divided by √D."""
    score = options.get("score", "dot")
    layer = keras.layers.Attention(use_scale=options.get("useScale", False))

    def run(weights, query, value, key, **more):
        query = query / jnp.sqrt(query.shape[-1]) if score == "scaled" else query
        key = key @ weights["kernel"] if score == "general" else key
        scale = [weights["scale"]] if "scale" in weights else []
        return stateless(layer, scale, [query, value, key], **more)

    def shapes(query, key, value):
        kernel = {"kernel": (key, query)} if score == "general" else {}
        return {**kernel, **({"scale": ()} if options.get("useScale") else {})}

    return layer, run, shapes


def additive(options):
    """Keras' AdditiveAttention; with units on queries and keys times a kernel each."""
    units, scaled = options.get("units"), options.get("useScale", True)
    layer = keras.layers.AdditiveAttention(use_scale=scaled)

    def run(weights, query, value, key, **more):
        if units:
            query, key = query @ weights["queryKernel"], key @ weights["keyKernel"]
        return stateless(layer, [weights["scale"]] if scaled else [], [query, value, key], **more)

    def shapes(query, key, value):
        kernels = {"queryKernel": (query, units), "keyKernel": (key, units)} if units else {}
        return {**kernels, **({"scale": (units or query,)} if scaled else {})}

    return layer, run, shapes


def heads(options):
    """Keras' MultiHeadAttention, its kernels [D, n, d] and [n, d, O] flattened to ours."""
    n, d = options["heads"], options["keySize"]
    size, units, bias = options.get("valueSize", d), options.get("units"), options.get("useBias", True)
    layer = keras.layers.MultiHeadAttention(n, d, value_dim=size, output_shape=units, use_bias=bias)
    parts = [("query", d), ("key", d), ("value", size)]

    def run(weights, query, value, key, mask=None, **more):
        theirs = []
        for variable in layer.trainable_variables:
            part, what = variable.path.split("/")[-2:]
            name = ("output" if part == "attention_output" else part) + what.capitalize()
            theirs.append(weights[name].reshape(variable.shape))
        marks = {} if mask is None else {"query_mask": mask[0], "value_mask": mask[1]}
        return stateless(layer, theirs, query, value, key, **marks, **more)

    def shapes(query, key, value):
        sizes = {"query": query, "key": key, "value": value}
        found = {}
        for part, width in parts:
            found[f"{part}Kernel"] = (sizes[part], n * width)
            found.update({f"{part}Bias": (n * width,)} if bias else {})
        found["outputKernel"] = (n * size, units or query)
        return {**found, **({"outputBias": (units or query,)} if bias else {})}

    return layer, run, shapes


KINDS = {"Attention": attention, "AdditiveAttention": additive, "MultiHeadAttention": heads}


def case(name, kind, options, query, value, key=None, query_mask=None, value_mask=None):
    """Shapes of query, value and key; masks as lists of rows."""
    draw = Draw(f"keras attention {name}")
    layer, run, shapes = KINDS[kind](options)
    inputs = {"query": query, "value": value} | ({"key": key} if key else {})
    inputs = {part: jnp.array(draw.normal(*shape, scale=1)) for part, shape in inputs.items()}
    q, v, k = inputs["query"], inputs["value"], inputs.get("key", inputs["value"])
    weights = {part: jnp.array(draw.normal(*shape)) for part, shape in shapes(q.shape[-1], k.shape[-1], v.shape[-1]).items()}
    if kind == "MultiHeadAttention":
        layer.build(q.shape, v.shape, k.shape)
    elif "units" in options:
        layer.build([(*q.shape[:2], options["units"]), v.shape, (*k.shape[:2], options["units"])])
    else:
        layer.build([q.shape, v.shape, k.shape])
    marks = [None if mask is None else jnp.array(mask, dtype=bool) for mask in (query_mask, value_mask)]
    used = jnp.ones(q.shape[:2]) if query_mask is None else marks[0]

    def forward(weights, inputs):
        q, v = inputs["query"], inputs["value"]
        # Keras looks at masks that come with tensors alone when none are given, so both are always given.
        more = {} if query_mask is None and value_mask is None else {"mask": [*marks, marks[1]][: 2 if kind == "MultiHeadAttention" else 3]}
        causal = {"use_causal_mask": True} if options.get("causal") else {}
        output, scores = run(weights, q, v, inputs.get("key", v), return_attention_scores=True, **causal, **more)
        # A masked query gives 0 and has no weights here; Keras zeroes only what Attention gives.
        return output * used[..., None], scores * (used[:, None, :, None] if scores.ndim == 4 else used[..., None])

    output, scores = forward(weights, inputs)
    upstream = draw.normal(*output.shape, scale=1)
    loss = lambda weights, inputs: jnp.sum(forward(weights, inputs)[0] * upstream)
    total, slopes = jax.value_and_grad(loss, argnums=(0, 1))(weights, inputs)
    masks = {"queryMask": query_mask, "valueMask": value_mask}
    return {
        "name": name,
        "layer": kind,
        "options": {**options, "returnWeights": True},
        "weights": tensors(weights),
        "inputs": {**tensors(inputs), **tensors(masks)},
        "upstream": {"output": tensor(upstream)},
        "expected": {"output": tensor(output), "weights": tensor(scores), "loss": float(total),
                     "gradients": tensors({**slopes[0], **slopes[1]})},
    }


def pooling():
    """softmax_t(u · tanh(x W + b)) as weights of the steps."""
    name = "pooling"
    draw = Draw(f"keras attention {name}")
    weights = {"kernel": (3, 4), "bias": (4,), "query": (4,)}
    weights = {part: jnp.array(draw.normal(*shape)) for part, shape in weights.items()}
    x, mask = jnp.array(draw.normal(2, 5, 3, scale=1)), [[1, 1, 1, 0, 0], [1, 0, 1, 1, 1]]

    def forward(weights, x):
        scores = keras.ops.tanh(x @ weights["kernel"] + weights["bias"]) @ weights["query"]
        shares = keras.layers.Softmax(axis=-1, dtype="float64")(scores, mask=jnp.array(mask, dtype=bool))
        return (shares[..., None] * x).sum(axis=1), shares

    output, shares = forward(weights, x)
    upstream = draw.normal(*output.shape, scale=1)
    total, slopes = jax.value_and_grad(lambda w, x: jnp.sum(forward(w, x)[0] * upstream), argnums=(0, 1))(weights, x)
    return {
        "name": name,
        "layer": "AttentionPooling",
        "options": {"units": 4, "returnWeights": True},
        "weights": tensors(weights),
        "inputs": {"value": tensor(x), "valueMask": tensor(mask)},
        "upstream": {"output": tensor(upstream)},
        "expected": {"output": tensor(output), "weights": tensor(shares), "loss": float(total),
                     "gradients": tensors({**slopes[0], "value": slopes[1]})},
    }


if __name__ == "__main__":
    q, v, k = (2, 3, 4), (2, 5, 4), (2, 5, 3)
    masks = {"query_mask": [[1, 1, 0], [1, 1, 1]], "value_mask": [[1, 1, 0, 1, 0], [0, 1, 1, 1, 1]]}
    late = {"query_mask": [[1, 1, 0], [0, 1, 1]], "value_mask": [[1, 1, 0, 1, 0], [1, 0, 1, 1, 1]]}
    small = {"heads": 2, "keySize": 2}
    wide = {"heads": 3, "keySize": 2, "valueSize": 4, "units": 5}
    write("keras-attention", [
        case("dot", "Attention", {}, q, v),
        case("dot, learned scale, own keys, masks", "Attention", {"useScale": True}, q, (2, 5, 2), v, **masks),
        case("dot, causal, masks", "Attention", {"causal": True}, q, v, **late),
        case("scaled, masks", "Attention", {"score": "scaled"}, q, v, **masks),
        case("general, masks", "Attention", {"score": "general"}, q, (2, 5, 2), k, **masks),
        case("additive", "AdditiveAttention", {}, q, v),
        case("additive, no scale, masks", "AdditiveAttention", {"useScale": False}, q, v, **masks),
        case("additive, causal, masks", "AdditiveAttention", {"causal": True}, q, v, **late),
        case("additive, projected, own keys, masks", "AdditiveAttention", {"units": 6}, q, (2, 5, 2), k, **masks),
        case("heads", "MultiHeadAttention", small, q, v),
        case("heads of other sizes, own keys, masks", "MultiHeadAttention", wide, q, (2, 5, 2), k, **masks),
        case("heads, causal, no bias, masks", "MultiHeadAttention", {**small, "causal": True, "useBias": False}, q, v, **late),
        pooling(),
    ])
