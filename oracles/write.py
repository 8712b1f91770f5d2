"""What every oracle script shares: repeatable random numbers, tensors as plain data, and the file form.

Random numbers have four decimals, so the file holds them exactly and both sides start from the same float64.
Computed numbers have twelve significant digits: enough to check a float64 reference to a relative 1e-11.
"""

import json
import pathlib
import zlib

import numpy as np

SEED = 1
VALUES = pathlib.Path(__file__).parent / "values"


class Draw:
    """Random numbers that depend on the seed and the case's name alone, so that a new case leaves the others as they are."""

    def __init__(self, name):
        self.generator = np.random.default_rng([SEED, zlib.crc32(name.encode())])

    def normal(self, *shape, scale=0.6):
        return np.round(self.generator.normal(size=shape) * scale, 4)

    def uniform(self, *shape, low=0.0, high=1.0):
        return np.round(self.generator.uniform(low, high, size=shape), 4)

    def integers(self, *shape, high):
        return self.generator.integers(0, high, size=shape)


def tensor(values):
    """An array as `{ shape, data }`, row-major. Truth values become 0 and 1."""
    array = np.asarray(values)
    return {"shape": list(array.shape), "data": array.astype(np.float64).ravel().tolist()}


def tensors(named):
    return {name: tensor(values) for name, values in named.items() if values is not None}


def untensor(stored):
    return np.array(stored["data"], dtype=np.float64).reshape(stored["shape"])


def text(value, indent=0):
    """JSON with objects spread over lines and lists of numbers on one."""
    pad = " " * (indent + 1)
    if value == {}:
        return "{}"
    if isinstance(value, dict) and not set(value) <= {"shape", "data"}:
        rows = [f"{pad}{json.dumps(key)}: {text(item, indent + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(rows) + "\n" + " " * indent + "}"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)}: {text(item)}" for key, item in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        if any(isinstance(item, dict) for item in value):
            return "[\n" + ",\n".join(pad + text(item, indent + 1) for item in value) + "\n" + " " * indent + "]"
        return "[" + ", ".join(text(item) for item in value) + "]"
    if isinstance(value, (float, np.floating)):
        if not np.isfinite(value):
            raise ValueError(f"Cannot write {value}: JSON has no such number, and no oracle case should produce one.")
        return f"{float(value) + 0.0:.12g}"  # -0 becomes 0
    if isinstance(value, np.integer):
        return str(int(value))
    return json.dumps(value)


def save(topic, framework, version, cases, precision="float64"):
    """Writes `values/<topic>.json`. `precision` names the type that the framework computed in."""
    names = [case["name"] for case in cases]
    if len(set(names)) != len(names):
        raise ValueError(f"Cannot write {topic}: two cases share a name.")
    head = {"framework": framework, "version": version, "precision": precision, "seed": SEED}
    path = VALUES / f"{topic}.json"
    VALUES.mkdir(exist_ok=True)
    path.write_text(text({**head, "cases": cases}) + "\n")
    print(f"{path.name}: {len(cases)} cases, {path.stat().st_size // 1024 + 1} KB")
