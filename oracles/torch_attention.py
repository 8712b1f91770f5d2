"""PyTorch: several heads (nn.MultiheadAttention), and the Transformer layer that normalizes first, with padding and causal; gradients."""

import torch

from pytorch import write
from write import Draw, tensor, tensors

CAUSAL = lambda T: torch.triu(torch.ones(T, T, dtype=torch.bool), diagonal=1)  # True where a step may not be looked at


def set_random(module, draw):
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.from_numpy(draw.normal(*parameter.shape)))


def attention_weights(module, take, prefix=""):
    """Our names: kernels transposed; PyTorch keeps those of query, key and value in one array unless their sizes differ."""
    parts = ("query", "key", "value")
    if module.in_proj_weight is not None:
        kernels = take(module.in_proj_weight).chunk(3)
    else:
        kernels = [take(weight) for weight in (module.q_proj_weight, module.k_proj_weight, module.v_proj_weight)]
    ours = {f"{part}Kernel": kernel.T for part, kernel in zip(parts, kernels)}
    if module.in_proj_bias is not None:
        ours |= {f"{part}Bias": bias for part, bias in zip(parts, take(module.in_proj_bias).chunk(3))}
        ours["outputBias"] = take(module.out_proj.bias)
    ours["outputKernel"] = take(module.out_proj.weight).T
    return {prefix + name: value for name, value in ours.items()}


def block_weights(block, take):
    norms = {"norm": block.norm1, "forwardNorm": block.norm2}
    return {
        "upKernel": take(block.linear1.weight).T, "upBias": take(block.linear1.bias),
        "downKernel": take(block.linear2.weight).T, "downBias": take(block.linear2.bias),
        **{f"{name}/gamma": take(norm.weight) for name, norm in norms.items()},
        **{f"{name}/beta": take(norm.bias) for name, norm in norms.items()},
        **attention_weights(block.self_attn, take, "attention/"),
    }


def finish(name, layer, options, named, inputs, masks, output, draw, **expected):
    """Masked queries count for nothing here: PyTorch computes something there, we give 0, or numbers without a meaning."""
    used = torch.tensor(masks["queryMask"]) if masks.get("queryMask") else torch.ones(output.shape[:2])
    upstream = torch.from_numpy(draw.normal(*output.shape, scale=1)) * used[..., None]
    loss = (output * upstream).sum()
    loss.backward()
    plain = lambda named: {key: value.detach().numpy() for key, value in named.items()}
    gradients = {**named(lambda p: p.grad), **{key: x.grad for key, x in inputs.items()}}
    return {
        "name": name, "layer": layer, "options": options,
        "weights": tensors(plain(named(lambda p: p))),
        "inputs": {**tensors(plain(inputs)), **tensors(masks)},
        "upstream": {"output": tensor(upstream)},
        "expected": {"output": tensor((output * used[..., None]).detach().numpy()), **expected, "loss": loss.item(),
                     "gradients": tensors(plain(gradients))},
    }


def heads(name, E, n, shapes, bias=True, causal=False, mask=None):
    draw = Draw(f"torch attention {name}")
    inputs = {part: torch.from_numpy(draw.normal(*shape, scale=1)).requires_grad_() for part, shape in shapes.items()}
    query = inputs["query"]
    value = inputs.get("value", query)
    key = inputs.get("key", value)
    module = torch.nn.MultiheadAttention(E, n, bias=bias, batch_first=True, kdim=key.shape[-1], vdim=value.shape[-1])
    set_random(module, draw)
    output, weights = module(
        query, key, value, average_attn_weights=False,
        key_padding_mask=None if mask is None else torch.tensor(mask) == 0,
        attn_mask=CAUSAL(query.shape[1]) if causal else None,
    )
    options = {"heads": n, "returnWeights": True, **({} if bias else {"useBias": False}), **({"causal": True} if causal else {})}
    own = {"queryMask": mask} if "value" not in inputs else {"valueMask": mask}
    used = torch.tensor(mask) if mask and "value" not in inputs else torch.ones(query.shape[:2])
    shown = {"weights": tensor((weights * used[:, None, :, None]).detach().numpy())}
    return finish(name, "MultiHeadAttention", options, lambda take: attention_weights(module, take), inputs, own, output, draw, **shown)


def block(name, D, n, F, T, activation="relu", causal=False, mask=None):
    draw = Draw(f"torch attention {name}")
    module = torch.nn.TransformerEncoderLayer(D, n, F, dropout=0, activation=activation, batch_first=True, norm_first=True)
    set_random(module, draw)
    x = torch.from_numpy(draw.normal(2, T, D, scale=1)).requires_grad_()
    output = module(
        x,
        src_mask=CAUSAL(T) if causal else None,
        src_key_padding_mask=None if mask is None else torch.tensor(mask) == 0,
    )
    options = {"heads": n, "forwardUnits": F, **({} if activation == "relu" else {"activation": activation}), **({"causal": True} if causal else {})}
    return finish(name, "TransformerBlock", options, lambda take: block_weights(module, take), {"query": x}, {"queryMask": mask}, output, draw)


if __name__ == "__main__":
    mask = [[1, 1, 1, 0, 0], [1, 0, 1, 1, 1]]
    write("torch-attention", [
        heads("two heads, one input", 4, 2, {"query": (2, 5, 4)}),
        heads("two heads, one input, causal, masks", 4, 2, {"query": (2, 5, 4)}, causal=True, mask=mask),
        heads("three heads, no bias", 6, 3, {"query": (2, 4, 6), "value": (2, 5, 6)}, bias=False),
        heads("two heads, own keys, mask", 4, 2, {"query": (2, 3, 4), "value": (2, 5, 2), "key": (2, 5, 3)}, mask=mask),
        block("block", 4, 2, 6, 5),
        block("block, gelu, causal", 6, 3, 5, 4, activation="gelu", causal=True),
        block("block, masks", 4, 2, 6, 5, mask=mask),
    ])
