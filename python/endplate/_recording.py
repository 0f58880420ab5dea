"""Recordings and sweeps: arrays of channels x samples with everything known about them."""

import json
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from . import _core
from ._errors import InvalidArgument
from ._objects import Annotation, Channel, Gap, Provenance, ReaderWarning, Stimulus, Subject
from ._results import Table, Truth
from ._values import Immutable, array_from_record, array_record, json_text, same

Samples = "np.ndarray[Any, np.dtype[np.float64]]"
LAYOUTS = ("channels_samples", "samples_channels")


class Recording(Immutable):
    """One stretch of signal with its channels; `read`, `from_numpy` and `simulate` make it, operations take and return it."""

    __slots__ = ("_handle", "_facts", "_truth", "__weakref__")

    _handle: Any
    _facts: Dict[str, Any]
    _truth: Optional[Truth]

    def __init__(self, handle: Any, truth: Optional[Truth] = None) -> None:
        if not isinstance(handle, _core.RecordingHandle):
            raise TypeError("make a Recording with endplate.from_numpy, from_dataframe, read or simulate")
        self._set(_handle=handle, _facts=handle.facts(), _truth=truth)

    @property
    def data(self) -> "np.ndarray[Any, np.dtype[np.float64]]":
        """Read-only view, channels x samples, microvolts; lives on when the recording is gone."""
        return self._handle.data  # type: ignore[no-any-return]

    @property
    def rate_hz(self) -> float:
        return self._facts["rate_hz"]  # type: ignore[no-any-return]

    @property
    def shape(self) -> Tuple[int, int]:
        return self._handle.shape  # type: ignore[no-any-return]

    @property
    def channel_count(self) -> int:
        return self.shape[0]

    @property
    def sample_count(self) -> int:
        return self.shape[1]

    @property
    def duration_s(self) -> float:
        return self.sample_count / self.rate_hz

    @property
    def start_time(self) -> Optional[str]:
        """ISO 8601 instant of the first sample of the source; None if unknown."""
        return self._facts["start_time"] or None

    @property
    def start_s(self) -> float:
        """Seconds from the first sample of the source to sample 0 here."""
        return self._facts["start_s"]  # type: ignore[no-any-return]

    @property
    def description(self) -> str:
        return self._facts["description"]  # type: ignore[no-any-return]

    @property
    def channels(self) -> Tuple[Channel, ...]:
        return tuple(Channel(**c) for c in self._facts["channels"])

    @property
    def channel_names(self) -> List[str]:
        return [c["name"] for c in self._facts["channels"]]

    @property
    def units(self) -> List[str]:
        """Unit of each channel."""
        return [c["unit"] for c in self._facts["channels"]]

    @property
    def gaps(self) -> Tuple[Gap, ...]:
        return tuple(Gap(**g) for g in self._facts["gaps"])

    @property
    def annotations(self) -> Tuple[Annotation, ...]:
        return tuple(Annotation(**a) for a in self._facts["annotations"])

    @property
    def stimuli(self) -> Tuple[Stimulus, ...]:
        return tuple(Stimulus(**s) for s in self._facts["stimuli"])

    @property
    def subject(self) -> Subject:
        return Subject(**self._facts["subject"])

    @property
    def warnings(self) -> Tuple[ReaderWarning, ...]:
        return tuple(ReaderWarning(**w) for w in self._facts["warnings"])

    @property
    def provenance(self) -> Tuple[Provenance, ...]:
        return tuple(Provenance(**p) for p in self._handle.provenance())

    @property
    def truth(self) -> Optional[Truth]:
        """What is true of a simulated recording, else None."""
        return self._truth

    @property
    def time_s(self) -> "np.ndarray[Any, np.dtype[np.float64]]":
        """Seconds of every sample from sample 0."""
        return np.arange(self.sample_count) / self.rate_hz

    def select(self, channels: Union[None, int, str, Sequence[Union[int, str]]] = None, start_s: Optional[float] = None,
               stop_s: Optional[float] = None) -> "Recording":
        """Channels by name or index from 0, and the samples of [start_s, stop_s)."""
        first = 0 if start_s is None else self._sample_at("start_s", start_s)
        stop = self.sample_count if stop_s is None else self._sample_at("stop_s", stop_s)
        if stop <= first:
            raise InvalidArgument(f"start_s {start_s} and stop_s {stop_s} leave no sample")
        return Recording(self._handle.select(self._channel_indices(channels), first, stop - first), self._truth)

    def _sample_at(self, name: str, seconds: float) -> int:
        sample = round(seconds * self.rate_hz)
        if not 0 <= sample <= self.sample_count:
            raise InvalidArgument(f"{name} {seconds:g} is outside the recording: [0, {self.duration_s:g}] s")
        return sample

    def _channel_indices(self, channels: Union[None, int, str, Sequence[Union[int, str]]]) -> List[int]:
        if channels is None:
            return list(range(self.channel_count))
        names = self.channel_names
        indices = []
        for wanted in [channels] if isinstance(channels, (str, int)) else channels:
            if isinstance(wanted, str):
                if wanted not in names:
                    raise InvalidArgument(f"channel {wanted} does not exist; the recording has {', '.join(names[:20])}")
                indices.append(names.index(wanted))
            elif not -len(names) <= wanted < len(names):
                raise InvalidArgument(f"channel {wanted} is outside the recording of {len(names)} channels")
            else:
                indices.append(int(wanted) % len(names))
        if not indices:
            raise InvalidArgument("channels is empty")
        return indices

    def copy(self, data: Any = None) -> "Recording":
        """The same recording, with other samples of the same shape if `data` is given."""
        if data is None:
            return self
        if np.shape(data) != self.shape:
            raise InvalidArgument(f"data has shape {np.shape(data)}, the recording {self.shape}")
        facts = self._all_facts()
        unknown = {"count_uv": None, "count_zero_uv": None, "adc_min": None, "adc_max": None}
        facts["channels"] = [{**c, **unknown} for c in facts["channels"]]
        return Recording(_core.make_recording(data, self.rate_hz, 1.0, LAYOUTS[0], facts), self._truth)

    def to_numpy(self, layout: str = "channels_samples") -> "np.ndarray[Any, np.dtype[np.float64]]":
        """A copy that may be written to."""
        if layout not in LAYOUTS:
            raise InvalidArgument(f"layout is {layout!r}, expected one of {', '.join(LAYOUTS)}")
        return np.array(self.data if layout == LAYOUTS[0] else self.data.T, order="C")

    def __array__(self, dtype: Any = None, copy: Optional[bool] = None) -> "np.ndarray[Any, Any]":
        data = self.data
        if dtype is not None and np.dtype(dtype) != data.dtype:
            if copy is False:
                raise ValueError(f"a copy is needed to give a Recording as {np.dtype(dtype)}")
            return data.astype(dtype)
        return data.copy() if copy else data

    def to_dataframe(self) -> Any:
        """pandas DataFrame, samples x channels, index `time_s`."""
        import pandas

        index = pandas.Index(self.time_s, name="time_s")
        frame = pandas.DataFrame(self.to_numpy("samples_channels"), columns=self.channel_names, index=index)
        frame.attrs.update(rate_hz=self.rate_hz, units="uV", start_time=self.start_time)
        return frame

    def to_xarray(self) -> Any:
        """xarray DataArray with the dimensions `channel` and `time` (seconds)."""
        import xarray

        return xarray.DataArray(self.to_numpy(), dims=("channel", "time"), coords={"channel": self.channel_names, "time": self.time_s},
                                attrs={"units": "uV", "rate_hz": self.rate_hz})

    def plot(self, **options: Any) -> Any:
        """Channels above each other over time; `endplate.plot.traces` has the options. Needs matplotlib."""
        from .plot import traces

        return traces(self, **options)

    def to_json(self) -> str:
        """JSON text that `from_json` reads."""
        return json_text({"type": "Recording", **self._all_facts(), "data": array_record(self.data)})

    def to_nwb(self, path: Any, **options: Any) -> None:
        """Writes a native file."""
        from ._files import write

        write(self, path, **options)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Recording) or not same(self._all_facts(), other._all_facts()):
            return False
        return same(self.data, other.data) and self._truth == other._truth

    def _all_facts(self) -> Dict[str, Any]:
        return {**self._facts, "provenance": self._handle.provenance()}

    def __reduce__(self) -> Any:
        return recording_from, (self.to_numpy(), self._all_facts(), self._truth)

    def __copy__(self) -> "Recording":
        return self

    def __deepcopy__(self, memo: Any) -> "Recording":
        return self

    def __repr__(self) -> str:
        count = len(self._facts["warnings"])
        warned = f", {count} warning{'s' * (count != 1)}" if count else ""
        units = "/".join(dict.fromkeys(self.units))
        channels = f"{self.channel_count} channel{'s' * (self.channel_count != 1)}"
        return f"Recording({channels} x {self.sample_count} samples, {self.rate_hz:g} Hz, {self.duration_s:.6g} s, {units}{warned})"

    def _repr_html_(self) -> str:
        from ._html import recording_html

        return recording_html(self)


def recording_from(data: Any, facts: Dict[str, Any], truth: Optional[Truth] = None) -> Recording:
    """Recording of samples in their own units and plain facts."""
    return Recording(_core.make_recording(data, facts["rate_hz"], 1.0, LAYOUTS[0], facts), truth)


_SWEEP_NUMBERS = ("distance_mm", "intensity_ma", "pulse_ms", "temperature_c", "clock_s")
_SWEEP_TEXTS = ("channel", "nerve", "side", "muscle", "site", "annotation", "test", "polarity", "electrode")


def _sweep_column(name: str, value: Any, count: int) -> Any:
    """One value for each sweep, in the type that the column has."""
    one = isinstance(value, str) or np.ndim(value) == 0
    values = [value] * count if one else list(value)
    if len(values) != count:
        raise InvalidArgument(f"metadata {name} has {len(values)} values for {count} sweeps")
    if name == "sweep":
        return np.array(values, dtype=np.int64)
    if name in _SWEEP_NUMBERS:
        return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    if name in _SWEEP_TEXTS:
        return ["" if v is None else str(v) for v in values]
    raise InvalidArgument(f"metadata has no column {name}; known: sweep, {', '.join((*_SWEEP_TEXTS, *_SWEEP_NUMBERS))}")


class Sweeps(Immutable):
    """Repeated stimuli: `data` is sweeps x samples (microvolts), sample `zero_sample` the stimulus, `metadata` a row per sweep."""

    __slots__ = ("data", "rate_hz", "zero_sample", "metadata", "truth", "provenance", "__weakref__")

    data: "np.ndarray[Any, np.dtype[np.float64]]"
    rate_hz: float
    zero_sample: int
    metadata: Table
    truth: Optional[Truth]
    provenance: Tuple[Provenance, ...]

    def __init__(self, payload: Dict[str, Any], truth: Optional[Truth] = None, provenance: Sequence[Any] = ()) -> None:
        self._set(data=payload["data"], rate_hz=payload["rate_hz"], zero_sample=payload["zero_sample"], metadata=Table(payload["metadata"]),
                  truth=truth, provenance=tuple(Provenance(*p) for p in provenance))

    @classmethod
    def from_numpy(cls, data: Any, *, rate_hz: float, zero_sample: int, units: str = "uV",
                   metadata: Optional[Dict[str, Any]] = None) -> "Sweeps":
        """Sweeps x samples with the stimulus at `zero_sample`; `metadata` holds one value per sweep or one for all of them.

        Known columns: sweep, channel, nerve, side, muscle, site, distance_mm, intensity_ma, pulse_ms, temperature_c, clock_s, annotation,
        test, polarity, electrode.
        """
        scale = {"uV": 1.0, "mV": 1e3, "V": 1e6, "nV": 1e-3}.get(units)
        if scale is None:
            raise InvalidArgument(f"units is {units!r}, expected one of uV, mV, V, nV")
        samples = np.array(data, dtype=np.float64, order="C") * scale
        if samples.ndim != 2:
            raise InvalidArgument(f"data has {samples.ndim} dimensions, expected sweeps x samples")
        samples.setflags(write=False)
        given = {"sweep": np.arange(len(samples)), **(metadata or {})}
        columns = [(name, "", "", _sweep_column(name, value, len(samples))) for name, value in given.items()]
        return cls({"data": samples, "rate_hz": float(rate_hz), "zero_sample": int(zero_sample),
                    "metadata": {"name": "sweeps", "text": "what is known of each sweep", "columns": columns}})

    @property
    def time_ms(self) -> "np.ndarray[Any, np.dtype[np.float64]]":
        """Milliseconds of every sample from the stimulus."""
        return 1e3 * (np.arange(self.data.shape[1]) - self.zero_sample) / self.rate_hz

    def payload(self) -> Dict[str, Any]:
        return {"data": self.data, "rate_hz": self.rate_hz, "zero_sample": self.zero_sample, "metadata": self.metadata.payload()}

    def __len__(self) -> int:
        return len(self.data)

    def to_dataframe(self) -> Any:
        """What is known of each sweep."""
        return self.metadata.to_dataframe()

    def to_json(self) -> str:
        payload = self.payload()
        return json_text({"type": "Sweeps", **payload, "data": array_record(self.data), "metadata": json.loads(self.metadata.to_json())})

    def to_nwb(self, path: Any, **options: Any) -> None:
        """Writes a native file."""
        from ._files import write

        write(self, path, **options)

    def __copy__(self) -> "Sweeps":
        return self

    def __deepcopy__(self, memo: Any) -> "Sweeps":
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sweeps) and same(self.payload(), other.payload()) and self.truth == other.truth

    def __reduce__(self) -> Any:
        return _sweeps_from, (self.payload(), self.truth, [tuple(p) for p in self.provenance])

    def __repr__(self) -> str:
        return f"Sweeps({len(self)} sweeps x {self.data.shape[1]} samples, {self.rate_hz:g} Hz, stimulus at sample {self.zero_sample})"

    def _repr_html_(self) -> str:
        from ._html import sweeps_html

        return sweeps_html(self)


def _sweeps_from(payload: Dict[str, Any], truth: Optional[Truth], provenance: Sequence[Any]) -> Sweeps:
    from ._values import read_only

    return Sweeps({**payload, "data": read_only(payload["data"])}, truth, provenance)


def from_json(text: str) -> Any:
    """The object whose `to_json` this is (without truth)."""
    from ._results import result_from_record

    record = json.loads(text)
    kind = record.get("type")
    if kind == "Recording":
        data = array_from_record(record.pop("data"))
        return recording_from(data, record)
    if kind == "Sweeps":
        metadata = result_from_record(record["metadata"]).payload()
        return Sweeps({**record, "data": array_from_record(record["data"]), "metadata": metadata})
    if kind in ("Arrays", "Events", "Table"):
        return result_from_record(record)
    raise InvalidArgument(f"type is {kind!r}, expected one of Recording, Sweeps, Arrays, Events, Table")
