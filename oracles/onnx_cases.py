"""
onnxruntime, float32: single LSTM, GRU and RNN nodes with lengths, directions and initial states. A third implementation,
and the only one here with GRU "before" under lengths. Zero lengths are left out: onnxruntime then returns 0, not the initial state.
"""

import numpy as np
import onnx
import onnxruntime
from onnx import helper

from write import Draw, save, tensor, tensors

NODES = {"lstm": ("LSTM", 4), "gru": ("GRU", 3), "simpleRnn": ("RNN", 1)}
DIRECTIONS = {"forward": [""], "reverse": [""], "bidirectional": ["forward/", "backward/"]}


def reorder(kind, blocks):
    """Our columns [.., G·H] as ONNX rows [G·H, ..]: LSTM i f g o → i o f g; GRU z r h and RNN stay."""
    rows = np.split(blocks.T, NODES[kind][1])
    return np.concatenate([rows[i] for i in (0, 3, 1, 2)] if kind == "lstm" else rows)


def node_inputs(kind, weights, ways, x, lengths, start):
    """X [T, B, I], W [D, G·H, I], R [D, G·H, H], B [D, 2·G·H], sequence_lens [B], initial_h and initial_c [D, B, H]."""
    zero = lambda way: np.zeros_like(weights[f"{way}bias"])
    second = [weights.get(f"{way}recurrentBias", zero(way)) for way in ways]
    feeds = {
        "X": x.transpose(1, 0, 2),
        "W": np.stack([reorder(kind, weights[f"{way}kernel"]) for way in ways]),
        "R": np.stack([reorder(kind, weights[f"{way}recurrentKernel"]) for way in ways]),
        "B": np.stack([np.concatenate([reorder(kind, weights[f"{way}bias"]), reorder(kind, more)]) for way, more in zip(ways, second)]),
    }
    feeds = {key: value.astype(np.float32) for key, value in feeds.items()}
    if lengths:
        feeds["sequence_lens"] = np.array(lengths, dtype=np.int32)
    for state, name in (("hiddenState", "initial_h"), ("cellState", "initial_c")):
        if f"{ways[0]}{state}" in start:
            feeds[name] = np.stack([start[way + state] for way in ways]).astype(np.float32)
    return feeds


def run(operator, H, direction, attributes, feeds):
    order = ["X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"][: 8 if operator == "LSTM" else 6]
    outputs = ["Y", "Y_h", "Y_c"] if operator == "LSTM" else ["Y", "Y_h"]
    node = helper.make_node(operator, [name if name in feeds else "" for name in order], outputs, hidden_size=H, direction=direction,
                            **attributes)
    typed = lambda name: helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(feeds[name].dtype), feeds[name].shape)
    made = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in outputs]
    graph = helper.make_graph([node], "one", [typed(name) for name in order if name in feeds], made)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return dict(zip(outputs, session.run(outputs, feeds)))


def case(name, kind, B, T, I, H, direction="forward", lengths=None, initial=False, reset_after=None):
    draw = Draw(f"onnx {name}")
    operator, gates = NODES[kind]
    ways = DIRECTIONS[direction]
    shapes = {"kernel": (I, gates * H), "recurrentKernel": (H, gates * H), "bias": (gates * H,)}
    if reset_after:
        shapes["recurrentBias"] = (gates * H,)
    weights = {way + key: draw.normal(*shape) for way in ways for key, shape in shapes.items()}
    x = draw.normal(B, T, I, scale=1)
    names = ["hiddenState", "cellState"] if kind == "lstm" else ["hiddenState"]
    start = {way + key: draw.normal(B, H) for way in ways for key in names} if initial else {}
    attributes = {"linear_before_reset": int(reset_after)} if kind == "gru" else {}
    found = run(operator, H, direction, attributes, node_inputs(kind, weights, ways, x, lengths, start))

    output = found["Y"].transpose(2, 0, 1, 3).reshape(B, T, -1)  # [T, D, B, H] → [B, T, D·H]
    states = {way + key: found[node][d] for node, key in (("Y_h", "hiddenState"), ("Y_c", "cellState")) if node in found
              for d, way in enumerate(ways)}
    options = {"units": H, "returnSequences": True, "returnState": True}
    if kind == "gru":
        options["resetAfter"] = reset_after
    if direction == "reverse":
        options["goBackwards"] = True
        output = output[:, ::-1]  # ours stay in the order of processing, as in Keras; ONNX returns the original order
    if direction == "bidirectional":
        options = {"mergeMode": "concat", "layer": {"layer": kind, "options": options}}
    inputs = {"x": tensor(x)}
    if lengths:
        inputs["sequenceLengths"] = lengths
    if start:
        inputs["initialState"] = tensors(start)
    return {
        "name": name,
        "layer": "bidirectional" if direction == "bidirectional" else kind,
        "options": options,
        **({"validStepsOnly": True} if lengths else {}),
        "weights": tensors(weights),
        "inputs": inputs,
        "expected": tensors({"output": output, **states}),
    }


def all_cases(kind, title, **extra):
    return [
        case(f"{title}", kind, 2, 4, 3, 2, initial=True, **extra),
        case(f"{title} by lengths", kind, 3, 5, 2, 3, lengths=[3, 5, 1], initial=True, **extra),
        case(f"{title} backwards", kind, 2, 4, 3, 2, direction="reverse", initial=True, **extra),
        case(f"{title} both directions by lengths", kind, 3, 5, 2, 3, direction="bidirectional", lengths=[3, 5, 1], initial=True, **extra),
    ]


if __name__ == "__main__":
    cases = [
        *all_cases("lstm", "lstm"),
        *all_cases("gru", "gru, reset before", reset_after=False),
        *all_cases("gru", "gru, reset after", reset_after=True),
        *all_cases("simpleRnn", "simpleRnn"),
    ]
    save("onnx-recurrent", "onnxruntime", onnxruntime.__version__, cases, precision="float32")
