"""What operations return beside signals: arrays over shared axes, events, rows; and the truth of simulations."""

import math
from collections import namedtuple
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from . import _core
from ._objects import Provenance
from ._values import Immutable, array_from_record, array_record, json_text, read_only, same

Fields = List[Tuple[str, str, str, Any]]


class _Result(Immutable):
    """Named values with units and descriptions, and what made them."""

    __slots__ = ("_name", "_text", "_fields", "_values", "_rate_hz", "_channel_count", "_sample_count", "_provenance",
                 "_without_channel", "__weakref__")

    _name: str
    _text: str
    _fields: Fields
    _values: Dict[str, Any]
    _rate_hz: Optional[float]
    _channel_count: Optional[int]
    _sample_count: Optional[int]
    _provenance: Any  # lines, or what can tell them
    _without_channel: Tuple[str, ...]

    def __init__(self, payload: Dict[str, Any]) -> None:
        fields: Fields = payload["columns"]
        self._set(_name=payload["name"], _text=payload["text"], _fields=fields, _values={f[0]: f[3] for f in fields},
                  _rate_hz=payload.get("rate_hz"), _channel_count=payload.get("channel_count"), _sample_count=payload.get("sample_count"),
                  _without_channel=tuple(payload.get("without_channel", ())), _provenance=payload.get("provenance", ()))

    @property
    def name(self) -> str:
        return self._name

    @property
    def rate_hz(self) -> Optional[float]:
        """Rate of the signal that this was computed from."""
        return self._rate_hz

    @property
    def units(self) -> Dict[str, str]:
        return {f[0]: f[1] for f in self._fields}

    @property
    def descriptions(self) -> Dict[str, str]:
        return {f[0]: f[2] for f in self._fields}

    @property
    def provenance(self) -> Tuple[Provenance, ...]:
        lines = self._provenance.lines() if isinstance(self._provenance, _core.ProvenanceSource) else self._provenance
        return tuple(Provenance(*p) for p in lines)

    def keys(self) -> List[str]:
        return list(self._values)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            if name in self._values:
                return self._values[name]
            raise AttributeError(f"{type(self).__name__} has no {name!r}; it has {', '.join(self._values)}")
        raise AttributeError(name)

    def __dir__(self) -> List[str]:
        return sorted(set(super().__dir__()) | set(self._values))

    def payload(self) -> Dict[str, Any]:
        """The plain form that everything else is made from."""
        return {"name": self._name, "text": self._text, "rate_hz": self._rate_hz, "channel_count": self._channel_count,
                "sample_count": self._sample_count, "without_channel": list(self._without_channel),
                "provenance": [tuple(p) for p in self.provenance], "columns": list(self._fields)}

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and same(self.payload(), other.payload())

    def __reduce__(self) -> Any:
        return _rebuild, (type(self), self.payload())

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def to_dict(self) -> Dict[str, Any]:
        return dict(self._values)

    def to_json(self) -> str:
        """JSON text that `from_json` reads; missing numbers are null."""
        record = self.payload()
        record["columns"] = [(n, u, t, array_record(v) if isinstance(v, np.ndarray) else v) for n, u, t, v in record["columns"]]
        return json_text({"type": type(self).__name__, **record})

    def to_dataframe(self) -> Any:
        """Tidy pandas DataFrame; units and provenance in its `attrs`."""
        import pandas

        frame = pandas.DataFrame(self._frame_columns())
        frame.attrs.update(name=self._name, units=self.units, provenance=self.provenance)
        return frame

    def _frame_columns(self) -> Dict[str, Any]:
        return dict(self._values)

    def to_nwb(self, path: Any, **options: Any) -> None:
        """Writes this result as a native file."""
        from ._files import write

        write(self, path, **options)

    def _facts(self) -> str:
        return ""

    def _repr_html_(self) -> str:
        from ._html import result_html

        return result_html(self)


class Arrays(_Result):
    """Arrays over shared axes (spectra, tracks): one attribute each, numbers as float."""

    __slots__ = ()

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __repr__(self) -> str:
        parts = (f"{n} {' x '.join(map(str, v.shape))}" if isinstance(v, np.ndarray) else f"{n} {v:.6g}" for n, v in self._values.items())
        return f"Arrays({self._name}: {', '.join(parts)})"

    def _frame_columns(self) -> Dict[str, Any]:
        payload = _core.long_table(self._name, self._with_channel_axis())
        return {name: values for name, _, _, values in payload["columns"]}

    def _with_channel_axis(self) -> Fields:
        fields: Fields = self.payload()["columns"]
        return [(n, u, t, v[None] if n in self._without_channel else v) for n, u, t, v in fields]


class Table(_Result):
    """Rows of described columns: `table.column` is an array, `table[i]` a row."""

    __slots__ = ()

    def __len__(self) -> int:
        return len(next(iter(self._values.values()))) if self._values else 0

    def _row_type(self) -> Any:
        return namedtuple("Row", list(self._values))

    def __iter__(self) -> Iterator[Any]:
        row = self._row_type()
        return (row(*values) for values in zip(*(v.tolist() for v in self._values.values())))

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, str):
            return self._values[index]
        if isinstance(index, (int, np.integer)):
            cells = (v[index] for v in self._values.values())
            return self._row_type()(*(c.tolist() if isinstance(c, (np.generic, np.ndarray)) else c for c in cells))
        payload = self.payload()
        payload["columns"] = [(n, u, t, read_only(v[index])) for n, u, t, v in payload["columns"]]
        return type(self)(payload)

    def _frame_columns(self) -> Dict[str, Any]:
        columns: Dict[str, Any] = {}
        for name, values in self._values.items():
            if values.ndim == 2:
                columns.update({f"{name}_{i}": values[:, i] for i in range(values.shape[1])})
            else:
                columns[name] = values
        return columns

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._name}: {len(self)} rows; {', '.join(self._values)})"


class Events(Table):
    """Events by channel and sample: `sample` (int64), `time_s`, and one array per further field."""

    __slots__ = ()

    @property
    def sample(self) -> "np.ndarray[Any, np.dtype[np.int64]]":
        return self._values["sample"]  # type: ignore[no-any-return]

    @property
    def time_s(self) -> "np.ndarray[Any, np.dtype[np.float64]]":
        if "time_s" in self._values:
            return self._values["time_s"]  # type: ignore[no-any-return]
        return read_only(self.sample / (self.rate_hz or math.nan))

    @property
    def duration_s(self) -> Optional[float]:
        """Of the signal that was searched."""
        if not self.rate_hz or self._sample_count is None:
            return None
        return self._sample_count / self.rate_hz

    def __repr__(self) -> str:
        count = self._channel_count
        facts = [f"{len(self)} event{'s' * (len(self) != 1)}" + (f" on {count} channel{'s' * (count != 1)}" if count else "")]
        if self.duration_s is not None:
            facts.append(f"{self.duration_s:.6g} s")
        return f"Events({self._name}: {', '.join(facts)})"


class Unit(Immutable):
    """A motor unit: discharges and template."""

    __slots__ = ("unit_id", "rate_hz", "sample", "offset_samples", "waveform_uv", "waveform_zero", "status", "__weakref__")

    unit_id: int
    rate_hz: float
    sample: "np.ndarray[Any, np.dtype[np.int64]]"
    offset_samples: "np.ndarray[Any, np.dtype[np.float64]]"
    waveform_uv: "np.ndarray[Any, np.dtype[np.float64]]"
    waveform_zero: int
    status: str

    def __init__(self, payload: Dict[str, Any]) -> None:
        self._set(**{k: read_only(v) if isinstance(v, np.ndarray) else v for k, v in payload.items()})

    @property
    def time_s(self) -> "np.ndarray[Any, np.dtype[np.float64]]":
        offset = self.offset_samples if len(self.offset_samples) else 0.0
        return read_only((self.sample + offset) / self.rate_hz)

    def payload(self) -> Dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__[:-1]}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unit) and same(self.payload(), other.payload())

    def __reduce__(self) -> Any:
        return _rebuild, (Unit, self.payload())

    def __repr__(self) -> str:
        return f"Unit({self.unit_id}: {len(self.sample)} discharges, template {' x '.join(map(str, self.waveform_uv.shape))})"


class Truth(Immutable):
    """What is true of a simulated recording: `units` and one Table per kind of row."""

    __slots__ = ("units", "tables", "__weakref__")

    units: Tuple[Unit, ...]
    tables: Dict[str, Table]

    def __init__(self, units: Sequence[Unit], tables: Sequence[Table]) -> None:
        self._set(units=tuple(units), tables={t.name: t for t in tables})

    def __getattr__(self, name: str) -> Table:
        if not name.startswith("_"):
            for key in (name, f"truth_{name}"):
                if key in self.tables:
                    return self.tables[key]
        raise AttributeError(f"there is no truth table {name}")

    def to_dataframe(self, table: Optional[str] = None) -> Any:
        """The named table, by default the first."""
        chosen = next(iter(self.tables.values())) if table is None else getattr(self, table)
        return chosen.to_dataframe()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Truth) and self.units == other.units and self.tables == other.tables

    def __reduce__(self) -> Any:
        return Truth, (self.units, tuple(self.tables.values()))

    def __repr__(self) -> str:
        return f"Truth({len(self.units)} units; {', '.join(f'{n} {len(t)}' for n, t in self.tables.items())})"


_CLASSES = {"arrays": Arrays, "events": Events, "rows": Table}


def make(kind: str, payload: Dict[str, Any]) -> _Result:
    """The object for what an operation of this kind returned."""
    return _CLASSES[kind](payload)


def _rebuild(cls: Any, payload: Dict[str, Any]) -> Any:
    if "columns" in payload:
        payload["columns"] = [(n, u, t, read_only(v) if isinstance(v, np.ndarray) else v) for n, u, t, v in payload["columns"]]
    return cls(payload)


def result_from_record(record: Dict[str, Any]) -> _Result:
    """The reverse of to_json."""
    cls = {c.__name__: c for c in (Arrays, Events, Table)}[record.pop("type")]
    record["columns"] = [(n, u, t, array_from_record(v) if isinstance(v, dict) else v) for n, u, t, v in record["columns"]]
    return cls(record)
