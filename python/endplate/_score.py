"""How far units or events agree with the truth."""

import os
from typing import Any, Dict, List, Optional, Sequence, Tuple

from . import _core
from ._recording import Recording, Sweeps
from ._results import Events, Table, Truth, Unit
from ._values import Immutable


class Score(Immutable):
    """A comparison: `table` has one row per unit (or pair, or the events); the fields of `summary` are attributes."""

    __slots__ = ("table", "summary", "__weakref__")

    table: Table
    summary: Table

    def __init__(self, table: Table, summary: Table) -> None:
        self._set(table=table, summary=summary)

    def __getattr__(self, name: str) -> Any:
        row = self.summary[0] if not name.startswith("_") else None
        if row is None or not hasattr(row, name):
            raise AttributeError(f"a score of this kind has no {name}")
        return getattr(row, name)

    def to_dataframe(self) -> Any:
        """The table as a pandas DataFrame."""
        return self.table.to_dataframe()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Score) and self.table == other.table and self.summary == other.summary

    def __reduce__(self) -> Any:
        return Score, (self.table, self.summary)

    def __repr__(self) -> str:
        facts = ", ".join(f"{n} {v:.6g}" for n, v in self.summary[0]._asdict().items() if isinstance(v, (int, float)))
        return f"Score({facts})"


class _Side:
    """What stands on one side of a comparison: units, or instants in seconds."""

    def __init__(self, what: Any, truth: bool, rate_hz: Optional[float]) -> None:
        self.duration_s: Optional[float] = None
        self._units: Optional[List[Dict[str, Any]]] = None
        self._times: Optional[Sequence[float]] = None
        if isinstance(what, (str, os.PathLike)):
            self._take_file(os.fspath(what), truth, rate_hz)
        elif isinstance(what, Events):
            self._times, self.duration_s = what.time_s.tolist(), what.duration_s
        else:
            self._take_units(what)

    def _take_file(self, path: Any, truth: bool, rate_hz: Optional[float]) -> None:
        self._times, self.duration_s, with_units = _core.read_event_times(path, truth)
        if with_units:
            self._units = _core.read_units(path, truth, rate_hz)

    def _take_units(self, what: Any) -> None:
        if isinstance(what, Recording):
            self.duration_s = what.duration_s
        if isinstance(what, (Recording, Sweeps)):
            what = what.truth
            if what is None:
                raise TypeError("score() takes a recording that knows its truth: a simulation")
        units = list(what.units) if isinstance(what, Truth) or hasattr(what, "units") else list(what)
        if not all(isinstance(u, Unit) for u in units):
            raise TypeError("score() takes Truth, Decomposition, a list of Unit, Events, or the path of a file that holds them")
        self._units = [u.payload() for u in units]
        if isinstance(what, Truth) and "truth_events" in what.tables:
            events = what.tables["truth_events"]
            for name in ("time_s", "start_s"):
                if name in events.keys():
                    self._times = events[name].tolist()
                    break
        if self._times is None:
            self._times = sorted(t for u in units for t in u.time_s.tolist())

    def units(self) -> Optional[List[Dict[str, Any]]]:
        return self._units

    def times(self) -> Sequence[float]:
        return self._times or []


def score(reference: Any, prediction: Any, /, *, munitquest: bool = False, rate_hz: Optional[float] = None, duration_s: Optional[float] = None,
          **options: Any) -> Score:
    """Compares a decomposition with another or with the truth, or detected events with the true ones.

    Each side is a Truth, a simulated Recording, a Decomposition, a list of Unit, Events, or the path of a file. Units are compared if both sides
    have them, else instants. The options are those of `endplate score`.
    """
    truth, found = _Side(reference, True, rate_hz), _Side(prediction, False, rate_hz)
    units: Tuple[Any, Any] = (truth.units(), found.units())
    if units[0] is not None and units[1] is not None:
        table, summary = (_core.score_labels if munitquest else _core.score_units)(units[0], units[1], options)
        return Score(Table(table), Table(summary))
    if munitquest:
        raise TypeError("munitquest compares units; one side has none")
    searched = duration_s if duration_s is not None else truth.duration_s if truth.duration_s is not None else found.duration_s
    events = Table(_core.score_events(truth.times(), found.times(), searched, options))
    return Score(events, events)
