"""Signals in other clothes: DataFrames, DataArrays, lists, spectra; and recordings made of arrays."""

import sys
from typing import Any, Dict, Optional, Sequence, Union

import numpy as np

from . import _core
from ._errors import InvalidArgument
from ._objects import Annotation, Channel, Gap, Stimulus
from ._recording import LAYOUTS, Recording
from ._results import Arrays, Table


def _is(value: Any, module: str, name: str) -> bool:
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(value, getattr(loaded, name))


def call(operation: Any, signal: Any, keywords: Dict[str, Any]) -> Any:
    """What an operation does with anything but a plain array."""
    if isinstance(signal, Recording):
        return _wrapped(operation(signal._handle, **keywords), signal)
    if isinstance(signal, Arrays):
        return _spectrum_call(operation, signal, keywords)
    if _is(signal, "pandas", "DataFrame"):
        recording = from_dataframe(signal, units=signal.attrs.get("units", "uV"), rate_hz=keywords.pop("rate_hz", None))
        result = call(operation, recording, keywords)
        return result.to_dataframe() if isinstance(result, Recording) else result
    if _is(signal, "xarray", "DataArray"):
        result = call(operation, from_xarray(signal, rate_hz=keywords.pop("rate_hz", None)), keywords)
        return result.to_xarray() if isinstance(result, Recording) else result
    _refuse_masked(signal)
    return operation(np.asarray(signal), **keywords)


def _wrapped(result: Any, source: Recording) -> Any:
    return Recording(result, source.truth) if isinstance(result, _core.RecordingHandle) else result


def _spectrum_call(operation: Any, spectrum: Arrays, keywords: Dict[str, Any]) -> Any:
    if operation.__name__ != "frequency_measures" or not {"frequency_hz", "density_uv2_per_hz"} <= set(spectrum.keys()):
        raise TypeError(f"{operation.__name__}() takes a signal, not the result of {spectrum.name}")
    payload = _core.spectrum_measures(spectrum["frequency_hz"], np.atleast_2d(spectrum["density_uv2_per_hz"]), keywords)
    return Table({**payload, "rate_hz": spectrum.rate_hz, "provenance": spectrum.provenance})


def _refuse_masked(signal: Any) -> None:
    if isinstance(signal, np.ma.MaskedArray):
        raise TypeError("signal must not be a masked array: fill it, or use a Recording with gaps")


def _facts_of(items: Optional[Sequence[Any]], cls: Any, what: str) -> "list[Dict[str, Any]]":
    """Dictionaries of fields from objects of `cls`, dictionaries, or names."""
    facts = []
    for item in items or ():
        if isinstance(item, str) and cls is Channel:
            facts.append({"name": item})
        elif isinstance(item, cls):
            facts.append(item._asdict())
        elif isinstance(item, dict):
            unknown = sorted(set(item) - set(cls._fields))
            if unknown:
                raise TypeError(f"{what} has no field {unknown[0]!r}; it has {', '.join(cls._fields)}")
            facts.append(dict(item))
        else:
            raise TypeError(f"{what} must be a {cls.__name__} or a dictionary of its fields, not {type(item).__name__}")
    return facts


def from_numpy(data: Any, *, rate_hz: float, units: str = "uV", channels: Optional[Sequence[Union[str, Channel, Dict[str, Any]]]] = None,
               layout: Optional[str] = None, start_time: str = "", description: str = "", gaps: Sequence[Any] = (),
               annotations: Sequence[Any] = (), stimuli: Sequence[Any] = ()) -> Recording:
    """Recording of an array (channels, samples) or one trace.

    `units` ("V", "mV", "uV", "nV") is that of `data`; `channels` are names, Channel objects or dictionaries of their fields; `layout`
    ("channels_samples", "samples_channels") states the order of the axes. The samples are copied. Raises InvalidArgument for samples that
    are not finite and for an array with more rows than columns whose layout is not stated.
    """
    _refuse_masked(data)
    if not isinstance(units, str):
        raise TypeError(f"units must be text, not {type(units).__name__}")
    if isinstance(rate_hz, (str, bool)) or not hasattr(type(rate_hz), "__float__"):
        raise TypeError(f"rate_hz must be a number, not {type(rate_hz).__name__}")
    facts = {"start_time": start_time, "description": description, "channels": _facts_of(channels, Channel, "a channel"),
             "gaps": _facts_of(gaps, Gap, "a gap"), "annotations": _facts_of(annotations, Annotation, "an annotation"),
             "stimuli": _facts_of(stimuli, Stimulus, "a stimulus")}
    factor = _core.microvolts_per_unit(units)
    return Recording(_core.make_recording(np.asarray(data), float(rate_hz), factor, layout or "", facts))


def _seconds_of(index: Any) -> Any:
    """The index in seconds; None if it counts rows."""
    if _is(index, "pandas", "DatetimeIndex"):
        return (index - index[0]).total_seconds().to_numpy()
    if _is(index, "pandas", "TimedeltaIndex"):
        return index.total_seconds().to_numpy()
    values = index.to_numpy() if hasattr(index, "to_numpy") else np.asarray(index)
    return values.astype(float) if values.dtype.kind == "f" else None


def _uniform_rate(seconds: Any, candidates: Sequence[Optional[float]]) -> float:
    """Rate of a uniform time axis: the first candidate that fits, else the mean rate."""
    if len(seconds) < 2 or not np.all(np.isfinite(seconds)):
        raise InvalidArgument("the index holds no time axis: it needs two or more finite seconds; pass rate_hz")
    span = seconds[-1] - seconds[0]
    if span <= 0:
        raise InvalidArgument("the index does not ascend; pass rate_hz")
    mean = (len(seconds) - 1) / span
    steps = np.arange(len(seconds))

    def residual(rate: float) -> float:
        return float(np.max(np.abs((seconds - seconds[0]) * rate - steps)))

    if residual(mean) >= 0.5:
        raise InvalidArgument(f"the index is not uniform: samples lie up to {residual(mean):.3g} samples from an even axis")
    for candidate in [*candidates, float(round(mean))]:
        if candidate and residual(candidate) < 0.01:
            return float(candidate)
    return float(mean)


def _checked_rate(seconds: Any, stated: Optional[float], noted: Optional[float]) -> float:
    if seconds is None:
        rate = stated if stated is not None else noted
        if rate is None:
            raise InvalidArgument("rate_hz is missing: the index counts rows, it does not hold seconds")
        return float(rate)
    found = _uniform_rate(seconds, (stated, noted))
    if stated is not None and abs(found - stated) > 1e-3 * stated:
        raise InvalidArgument(f"rate_hz {stated} contradicts the index, which has {found:.6g} Hz")
    return float(stated) if stated is not None else found


def from_dataframe(frame: Any, *, units: str, rate_hz: Optional[float] = None) -> Recording:
    """Recording of a DataFrame (samples x channels) whose index holds seconds; `rate_hz` is needed if the index counts rows."""
    rate = _checked_rate(_seconds_of(frame.index), rate_hz, frame.attrs.get("rate_hz"))
    values = frame.to_numpy()
    if values.dtype.kind not in "biuf":
        raise TypeError("every column of the DataFrame must hold numbers")
    return from_numpy(values.T, rate_hz=rate, units=units, channels=[str(c) for c in frame.columns], layout=LAYOUTS[0],
                      start_time=frame.attrs.get("start_time") or "")


def from_xarray(array: Any, *, units: Optional[str] = None, rate_hz: Optional[float] = None) -> Recording:
    """Recording of a DataArray with the dimensions `channel` and `time`."""
    if set(array.dims) != {"channel", "time"}:
        raise InvalidArgument(f"dimensions are {', '.join(map(str, array.dims))}, expected channel, time")
    array = array.transpose("channel", "time")
    seconds = array.coords["time"].to_numpy().astype(float) if "time" in array.coords else None
    rate = _checked_rate(seconds, rate_hz, array.attrs.get("rate_hz"))
    names = [str(c) for c in array.coords["channel"].to_numpy()] if "channel" in array.coords else None
    return from_numpy(array.to_numpy(), rate_hz=rate, units=units or array.attrs.get("units", "uV"), channels=names, layout=LAYOUTS[0])
