"""Equality, JSON and immutability that all result objects share."""

import json
import math
from typing import Any

import numpy as np


def same(a: Any, b: Any) -> bool:
    """By value; missing numbers equal each other."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        return bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (math.isnan(a) and math.isnan(b))
    return bool(a == b)


def plain(value: Any) -> Any:
    """Lists, numbers and text; missing numbers become None."""
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def json_text(value: Any) -> str:
    return json.dumps(plain(value), allow_nan=False, separators=(",", ":"))


def read_only(array: Any) -> "np.ndarray[Any, Any]":
    """`array` as one that nobody can write to."""
    out = np.asarray(array)
    if out.flags.writeable:
        out = out.copy()
        out.flags.writeable = False
    return out


def array_record(array: "np.ndarray[Any, Any]") -> "dict[str, Any]":
    return {"dtype": array.dtype.str if array.dtype.kind != "O" else "O", "shape": list(array.shape), "values": array.ravel()}


def array_from_record(record: "dict[str, Any]") -> "np.ndarray[Any, Any]":
    dtype = np.dtype(record["dtype"])
    values = record["values"]
    if dtype.kind == "f":
        values = [math.nan if v is None else v for v in values]
    return read_only(np.array(values, dtype=dtype).reshape(record["shape"]))


class Immutable:
    """Attributes are set once, by `_set`."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: {name} cannot be deleted")
