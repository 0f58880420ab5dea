"""Motor units of multichannel recordings: decompose, keep the filters, find the same units again."""

from typing import Any, Callable, Dict, Iterator, Optional, Tuple

import numpy as np

from . import _core
from ._adapt import from_dataframe, from_numpy, from_xarray
from ._objects import ReaderWarning
from ._recording import Recording
from ._results import Table, Unit
from ._values import Immutable, read_only

Progress = Callable[[int, int], Any]


def _recording(signal: Any, rate_hz: Optional[float]) -> Recording:
    if isinstance(signal, Recording):
        if rate_hz is not None and rate_hz != signal.rate_hz:
            raise _core_invalid(f"rate_hz {rate_hz} contradicts the recording, which has {signal.rate_hz} Hz")
        return signal
    module = type(signal).__module__.split(".")[0]
    if module == "pandas":
        return from_dataframe(signal, units=signal.attrs.get("units", "uV"), rate_hz=rate_hz)
    if module == "xarray":
        return from_xarray(signal, rate_hz=rate_hz)
    if rate_hz is None:
        raise TypeError("rate_hz is missing: an array does not state its rate")
    return from_numpy(signal, rate_hz=rate_hz)


def _core_invalid(message: str) -> Exception:
    from ._errors import InvalidArgument

    return InvalidArgument(message)


class Units(Immutable):
    """Motor units in order of their first discharge: a sequence of Unit, with `table` (one row for each) and `pulse_trains`."""

    __slots__ = ("units", "table", "pulse_trains", "warnings", "__weakref__")

    units: Tuple[Unit, ...]
    table: Table
    pulse_trains: "np.ndarray[Any, np.dtype[np.float64]]"
    warnings: Tuple[ReaderWarning, ...]

    def __init__(self, payload: Dict[str, Any]) -> None:
        self._set(units=tuple(Unit(u) for u in payload["units"]), table=Table(payload["table"]), pulse_trains=read_only(payload["pulse_trains"]),
                  warnings=tuple(ReaderWarning(*w) for w in payload["warnings"]))

    def __len__(self) -> int:
        return len(self.units)

    def __iter__(self) -> Iterator[Unit]:
        return iter(self.units)

    def __getitem__(self, index: Any) -> Any:
        return self.units[index]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} unit{'s' * (len(self) != 1)}, {sum(len(u.sample) for u in self)} discharges)"


class Decomposition(Units):
    """What `decompose` found: units, how far each can be trusted (`table`), and the filters that find them again (`transform`)."""

    __slots__ = ("filters", "explained_variance", "complete", "rounds", "whitening_rank", "whitening_floor_uv2", "channel_reasons")

    filters: Table
    explained_variance: float
    complete: bool
    rounds: int
    whitening_rank: int
    whitening_floor_uv2: float
    channel_reasons: Tuple[str, ...]

    def __init__(self, payload: Dict[str, Any]) -> None:
        super().__init__(payload)
        self._set(filters=Table(payload["filters"]), channel_reasons=tuple(payload["channel_reasons"]),
                  **{n: payload[n] for n in ("explained_variance", "complete", "rounds", "whitening_rank", "whitening_floor_uv2")})

    def accepted(self) -> Tuple[Unit, ...]:
        """The units whose status is accepted."""
        return tuple(u for u in self if u.status == "accepted")

    def transform(self, signal: Any, *, rate_hz: Optional[float] = None, threads: int = 1, **options: Any) -> Units:
        """The same units in another recording of the same channels and rate, by the stored filters."""
        if len(self) == 0:
            raise _core_invalid("no units were found: there are no filters to apply")
        return apply_filters(signal, self.filters, rate_hz=rate_hz, threads=threads, **options)


class NeedleDecomposition(Units):
    """What the method `template` found in one to eight channels: units, every discharge with its confidence, what no unit explains."""

    __slots__ = ("discharges", "unassigned", "summary", "residual", "residual_rate_hz")

    discharges: Table
    unassigned: Table
    summary: Table
    residual: "np.ndarray[Any, np.dtype[np.float64]]"
    residual_rate_hz: float

    def __init__(self, payload: Dict[str, Any]) -> None:
        super().__init__({**payload, "pulse_trains": np.empty((0, 0))})
        self._set(discharges=Table(payload["discharges"]), unassigned=Table(payload["unassigned"]), summary=Table(payload["summary"]),
                  residual=read_only(payload["residual"]), residual_rate_hz=payload["residual_rate_hz"])

    def accepted(self) -> Tuple[Unit, ...]:
        """The units whose status is accepted."""
        return tuple(u for u in self if u.status == "accepted")


def _is_template(method: str, recording: Recording) -> bool:
    if method not in ("auto", "sources", "template"):
        raise _core_invalid(f'method is "{method}", expected one of auto, sources, template')
    return method == "template" or (method == "auto" and _core.suits_needle(recording._handle))


def decompose(signal: Any, *, method: str = "auto", rate_hz: Optional[float] = None, threads: int = 1, progress: Optional[Progress] = None,
              **options: Any) -> Any:
    """Motor units of a recording: a Decomposition (method `sources`) or a NeedleDecomposition (`template`).

    `auto` takes `template` below 8 EMG channels, and for needles and wires up to 8.
    `signal` is a Recording, an array (channels, samples) in microvolts with `rate_hz`, a DataFrame or a DataArray. Options are those of
    `endplate decompose` with underscores (docs/options.md). `progress(round, units)` may return False to stop with the units so far.
    The same input and options give the same bits for any number of threads.
    """
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be None or callable(round, units), not {type(progress).__name__}")
    recording = _recording(signal, rate_hz)
    if _is_template(method, recording):
        return NeedleDecomposition(_core.decompose_potentials(recording._handle, threads, options))
    return Decomposition(_core.decompose(recording._handle, threads, _on_change(progress), options))


def _on_change(progress: Optional[Progress]) -> Optional[Progress]:
    # The search asks often, so that Ctrl-C acts soon; the caller hears of changes only.
    if progress is None:
        return None
    last: Dict[str, Any] = {}

    def call(round_number: int, units: int) -> Any:
        if last.get("now") != (round_number, units):
            last.update(now=(round_number, units), answer=progress(round_number, units))
        return last["answer"]

    return call


def apply_filters(signal: Any, filters: Table, *, rate_hz: Optional[float] = None, threads: int = 1, **options: Any) -> Units:
    """Units of stored filters (the table `separation_filters` of a decomposition) in another recording.

    Options: `threshold` ("stored" or "refit"), `rescale`, `allow_missing`.
    """
    if not isinstance(filters, Table):
        raise TypeError(f"filters must be a Table, not {type(filters).__name__}")
    return Units(_core.apply_filters(_recording(signal, rate_hz)._handle, filters.payload(), threads, options))


class Decomposer:
    """`decompose` with the manners of an estimator: options at construction, then fit, transform, fit_transform."""

    def __init__(self, *, threads: int = 1, **options: Any) -> None:
        self.threads = threads
        self.options = options
        self.result_: Optional[Decomposition] = None

    def fit(self, signal: Any, *, rate_hz: Optional[float] = None, progress: Optional[Progress] = None) -> "Decomposer":
        self.result_ = decompose(signal, rate_hz=rate_hz, threads=self.threads, progress=progress, **self.options)
        return self

    def transform(self, signal: Any, *, rate_hz: Optional[float] = None, **options: Any) -> Units:
        """Units in another recording; fit comes first."""
        if self.result_ is None:
            raise _core_invalid("this Decomposer is not fitted yet: call fit first")
        return self.result_.transform(signal, rate_hz=rate_hz, threads=self.threads, **options)

    def fit_transform(self, signal: Any, *, rate_hz: Optional[float] = None, progress: Optional[Progress] = None) -> Decomposition:
        result = self.fit(signal, rate_hz=rate_hz, progress=progress).result_
        assert result is not None
        return result

    def __repr__(self) -> str:
        return f"Decomposer({', '.join(f'{k}={v!r}' for k, v in self.options.items())})"
