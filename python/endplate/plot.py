"""Pictures of recordings and results with matplotlib: `import endplate.plot`, or `ep.plot` on first use.

Every function takes `ax=None`, draws on it or on the current axes, labels both axes with units and returns the axes; nothing is shown or saved.
Long signals are drawn as the smallest and largest sample of each pixel column.
"""

from typing import Any, Iterable, Optional, Sequence, Union

import numpy as np

from ._errors import InvalidArgument
from ._recording import Recording, Sweeps
from ._results import Arrays, Events, Table

# Okabe and Ito 2008: told apart also by the colour-blind.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
_WIDEST = 4000


def _axes(ax: Any) -> Any:
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ImportError("plotting needs matplotlib") from None
    return pyplot.gca()


def _pixel_columns(ax: Any) -> int:
    box = ax.get_window_extent()
    return int(min(max(box.width, 100), _WIDEST))


def _min_max(x: Any, y: Any, columns: int) -> Any:
    """At most two points per column: its smallest and its largest sample, in the order in which they come."""
    count = len(y)
    if count <= 2 * columns:
        return x, y
    edges = np.linspace(0, count, columns + 1).astype(int)
    indices = np.empty(2 * columns, dtype=int)
    for i, (a, b) in enumerate(zip(edges[:-1], edges[1:])):
        part = y[a:b]
        indices[2 * i : 2 * i + 2] = sorted((a + int(part.argmin()), a + int(part.argmax())))
    return x[indices], y[indices]


def _colour(i: int) -> str:
    return COLOURS[i % len(COLOURS)]


def _units_of(units: Any) -> Sequence[Any]:
    """Units of a truth, of a decomposition, or a plain list of them."""
    listed = getattr(units, "units", units)
    if isinstance(listed, dict) or not isinstance(listed, Iterable):
        raise InvalidArgument(f"units is {type(units).__name__}, expected the truth of a simulation, a decomposition or a list of units")
    return list(listed)


def traces(recording: Any, *, rate_hz: Optional[float] = None, channels: Any = None, start_s: Optional[float] = None, stop_s: Optional[float] = None,
           spacing_uv: Optional[float] = None, ax: Any = None) -> Any:
    """Channels above each other over time; the first on top. `spacing_uv` is the distance between two baselines (default: from the amplitudes).

    An array of channels x samples (microvolts) needs `rate_hz`.
    """
    ax = _axes(ax)
    if isinstance(recording, Recording):
        shown = recording.select(channels, start_s, stop_s)
        data, names, rate = shown.data, shown.channel_names, shown.rate_hz
    else:
        if rate_hz is None:
            raise InvalidArgument("rate_hz is missing: an array has no rate")
        data, rate = np.atleast_2d(np.asarray(recording, dtype=float)), rate_hz
        picked = np.arange(len(data)) if channels is None else np.atleast_1d(channels)
        first = 0 if start_s is None else round(start_s * rate)
        data = data[picked, first : None if stop_s is None else round(stop_s * rate)]
        names = [str(c) for c in picked]
    time_s = (0.0 if start_s is None else start_s) + np.arange(data.shape[1]) / rate
    middle = np.median(data, axis=1)
    if spacing_uv is None:
        spread = np.max(np.percentile(np.abs(data - middle[:, None]), 99.5, axis=1)) if data.size else 0.0
        spacing_uv = float(2.2 * spread) or 1.0
    columns = _pixel_columns(ax)
    offsets = -spacing_uv * np.arange(len(data))
    for i, trace in enumerate(data):
        ax.plot(*_min_max(time_s, trace - middle[i] + offsets[i], columns), linewidth=0.6, color=_colour(i))
    ax.set_xlabel("time (s)")
    if len(data) == 1:
        ax.set_ylabel(f"{names[0]} (uV)")
    else:
        ax.set_yticks(offsets, names)
        ax.set_ylabel(f"channel ({spacing_uv:.3g} uV apart)")
    ax.margins(x=0)
    return ax


def spectrum(result: Arrays, *, channels: Any = None, decibel: bool = True, ax: Any = None) -> Any:
    """Power spectral density of `welch`, `periodogram` or `multitaper`, a line per channel."""
    ax = _axes(ax)
    values = result.to_dict()
    density = next((v for n, v in values.items() if n.startswith("density")), None)
    if density is None or "frequency_hz" not in values:
        raise InvalidArgument(f"{result.name} holds no density over frequency_hz; give the result of welch, periodogram or multitaper")
    density = np.atleast_2d(density)
    picked = range(len(density)) if channels is None else np.atleast_1d(channels)
    columns = _pixel_columns(ax)
    for i in picked:
        shown = 10 * np.log10(np.maximum(density[i], np.finfo(float).tiny)) if decibel else density[i]
        ax.plot(*_min_max(values["frequency_hz"], shown, columns), linewidth=0.8, color=_colour(int(i)), label=f"channel {i}")
    ax.set_xlabel("frequency (Hz)")
    ax.set_ylabel("density (dB re 1 uV2/Hz)" if decibel else "density (uV2/Hz)")
    ax.margins(x=0)
    return ax


def events(found: Events, *, recording: Optional[Recording] = None, channel: Union[int, str] = 0, ax: Any = None) -> Any:
    """One channel of the recording with its events marked; without recording, a row of marks per channel."""
    ax = _axes(ax)
    columns = found.to_dict()
    on_channel = np.asarray(columns["channel"]) if "channel" in columns else np.zeros(len(found), dtype=int)
    if recording is None:
        ax.plot(found.time_s, on_channel, "|", color=COLOURS[1], markersize=8)
        ax.set_ylabel("channel")
        ax.set_xlabel("time (s)")
        return ax
    index = recording.channel_names.index(channel) if isinstance(channel, str) else int(channel)
    traces(recording, channels=[index], ax=ax)
    trace = recording.data[index]
    at = found.sample[(on_channel == index) | (on_channel == recording.channel_names[index])]
    ax.plot(at / recording.rate_hz, trace[at] - np.median(trace), "v", color=COLOURS[1], markersize=4, label=f"{len(at)} events")
    return ax


def raster(units: Any, *, ax: Any = None) -> Any:
    """A row of discharges per motor unit."""
    ax = _axes(ax)
    listed = _units_of(units)
    for i, unit in enumerate(listed):
        ax.plot(unit.time_s, np.full(len(unit.sample), i), "|", color=_colour(i), markersize=6)
    ax.set_yticks(range(len(listed)), [str(u.unit_id) for u in listed])
    ax.set_ylabel("motor unit")
    ax.set_xlabel("time (s)")
    return ax


def rates(units: Any, *, window_s: float = 1.0, ax: Any = None) -> Any:
    """Discharge rate of each motor unit, smoothed by a Hann window of `window_s` seconds; broken where a unit pauses for longer than that."""
    if not window_s > 0:
        raise InvalidArgument(f"window_s is {window_s}, allowed above 0")
    ax = _axes(ax)
    for i, unit in enumerate(_units_of(units)):
        times = np.sort(unit.time_s)
        if len(times) < 2:
            continue
        grid = np.arange(times[0], times[-1], window_s / 20)
        weights = 0.5 + 0.5 * np.cos(2 * np.pi * np.clip((grid[:, None] - times[None, :]) / window_s, -0.5, 0.5))
        rate = 2 / window_s * weights.sum(axis=1)
        gap = np.diff(times)[np.clip(np.searchsorted(times, grid, side="right") - 1, 0, len(times) - 2)]
        ax.plot(grid, np.where(gap > window_s, np.nan, rate), linewidth=1, color=_colour(i), label=f"unit {unit.unit_id}")
    ax.set_ylabel("discharge rate (1/s)")
    ax.set_xlabel("time (s)")
    return ax


def muap_map(unit: Any, *, channels: Optional[Sequence[Any]] = None, ax: Any = None) -> Any:
    """Template of a motor unit on every channel, at the electrodes' places if `channels` (of a Recording) know them, else above each other."""
    ax = _axes(ax)
    waveform = np.atleast_2d(unit.waveform_uv)
    if not waveform.size:
        raise InvalidArgument(f"unit {unit.unit_id} has no template")
    places = [(c.x_mm, c.y_mm) for c in channels] if channels is not None else []
    on_grid = len(places) == len(waveform) and all(x is not None and y is not None for x, y in places)
    xy = np.array(places, dtype=float) if on_grid else np.column_stack([np.zeros(len(waveform)), -np.arange(len(waveform), dtype=float)])
    steps = [np.diff(np.unique(xy[:, k])) for k in (0, 1)]
    width, height = (float(s.min()) if len(s) else 1.0 for s in steps)
    time = (np.arange(waveform.shape[1]) / max(waveform.shape[1] - 1, 1) - 0.5) * 0.9 * width
    scale = 0.9 * height / (np.ptp(waveform, axis=1).max() or 1.0)
    for (x, y), trace in zip(xy, waveform):
        ax.plot(x + time, y + scale * trace, linewidth=0.7, color=COLOURS[0])
    length_ms = 1e3 * waveform.shape[1] / unit.rate_hz
    ax.set_xlabel(f"across (mm); each trace {length_ms:.3g} ms" if on_grid else f"each trace {length_ms:.3g} ms")
    ax.set_ylabel(f"along (mm); {height / scale:.3g} uV per step" if on_grid else f"channel; {height / scale:.3g} uV apart")
    if not on_grid:
        ax.set_xticks([])
        ax.set_yticks(xy[:, 1], [str(i) for i in range(len(waveform))])
    return ax


def sweeps(responses: Sweeps, *, spacing_uv: float = 0.0, ax: Any = None) -> Any:
    """Sweeps over the time from the stimulus, superimposed, or `spacing_uv` apart with the first on top."""
    ax = _axes(ax)
    columns = _pixel_columns(ax)
    for i, trace in enumerate(responses.data):
        ax.plot(*_min_max(responses.time_ms, trace - i * spacing_uv, columns), linewidth=0.7, color=_colour(i))
    ax.axvline(0, color="0.6", linewidth=0.7)
    ax.set_xlabel("time from the stimulus (ms)")
    ax.set_ylabel("potential (uV)" if not spacing_uv else f"sweep ({spacing_uv:.3g} uV apart)")
    ax.margins(x=0)
    return ax


def cmap_scan(scan: Table, *, ax: Any = None) -> Any:
    """Amplitude of the compound potential over the stimulus current; `scan` has columns `intensity_ma` and `amplitude_uv` or `amplitude_mv`."""
    columns = scan.to_dict()
    name = next((n for n in ("amplitude_uv", "amplitude_mv") if n in columns), None)
    if name is None or "intensity_ma" not in columns:
        raise InvalidArgument(f"{scan.name} has no columns intensity_ma and amplitude_uv; it has {', '.join(columns)}")
    ax = _axes(ax)
    ax.plot(columns["intensity_ma"], columns[name], ".", markersize=3, color=COLOURS[0])
    ax.set_xlabel("stimulus intensity (mA)")
    ax.set_ylabel(f"amplitude ({name[-2:].replace('v', 'V')})")
    return ax
