"""What notebooks show: facts, a channel table, a small drawing. Text from files is escaped; there is no script."""

from html import escape
from typing import Any, Iterable, List, Sequence

import numpy as np

_ROWS = 12
_COLUMNS = 400
_TEXT = 80


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:.6g}" if isinstance(value, (float, np.floating)) else str(value)
    return escape(text if len(text) <= _TEXT else text[:_TEXT] + "...")


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = ["<table><thead><tr>", *(f"<th scope=\"col\">{_cell(h)}</th>" for h in head), "</tr></thead><tbody>"]
    for row in rows:
        lines.append("<tr>" + "".join(f"<td>{_cell(v)}</td>" for v in row) + "</tr>")
    return "".join(lines) + "</tbody></table>"


def sparkline(trace: Any, width: int = _COLUMNS, height: int = 48) -> str:
    """Smallest and largest sample of every column as one path."""
    columns = min(width, len(trace))
    edges = np.linspace(0, len(trace), columns + 1).astype(int)[:-1]
    low, high = np.minimum.reduceat(trace, edges), np.maximum.reduceat(trace, edges)
    bottom, top = float(low.min()), float(high.max())
    scale = (height - 2) / (top - bottom) if top > bottom else 0.0
    path = "".join(f"M{i + .5:g} {1 + (top - h) * scale:.1f}V{1 + (top - v) * scale + .5:.1f}" for i, (v, h) in enumerate(zip(low, high)))
    label = f"first trace, {bottom:.4g} to {top:.4g}"
    return (f"<svg role=\"img\" aria-label=\"{label}\" width=\"{columns}\" height=\"{height}\" viewBox=\"0 0 {columns} {height}\">"
            f"<path d=\"{path}\" stroke=\"currentColor\" fill=\"none\"/></svg>")


def recording_html(recording: Any) -> str:
    parts: List[str] = [f"<div><p><b>{_cell(repr(recording))}</b></p>"]
    facts = [("start", recording.start_time or "unknown"), ("gaps", len(recording.gaps)), ("annotations", len(recording.annotations))]
    parts.append("<p>" + "; ".join(f"{k} {_cell(v)}" for k, v in facts) + "</p>")
    parts.append(sparkline(recording.data[0]))
    channels = recording.channels[:_ROWS]
    parts.append(_table(("channel", "kind", "unit", "muscle", "side", "group", "status"),
                        [(c.name, c.kind, c.unit, c.muscle, c.side, c.group, c.status) for c in channels]))
    if recording.channel_count > _ROWS:
        parts.append(f"<p>and {recording.channel_count - _ROWS} more channels</p>")
    warnings = recording.warnings[:_ROWS]
    if warnings:
        parts.append("<ul>" + "".join(f"<li>[{_cell(w.code)}] {_cell(w.message)}</li>" for w in warnings) + "</ul>")
    return "".join(parts) + "</div>"


def result_html(result: Any) -> str:
    head = f"<div><p><b>{_cell(repr(result))}</b></p>"
    values = result.to_dict()
    if hasattr(result, "__len__"):
        flat = {n: v for n, v in values.items() if v.ndim == 1}
        names = [f"{n} [{result.units[n]}]" if result.units[n] else n for n in flat]
        return head + _table(names, list(zip(*(v[:_ROWS].tolist() for v in flat.values())))) + "</div>"
    shown = {n: " x ".join(map(str, v.shape)) if isinstance(v, np.ndarray) else v for n, v in values.items()}
    rows = [(n, v, result.units[n], result.descriptions[n]) for n, v in shown.items()]
    return head + _table(("name", "shape", "unit", "meaning"), rows) + "</div>"


def sweeps_html(sweeps: Any) -> str:
    metadata = sweeps.metadata.to_dict()
    rows = zip(*(v[:_ROWS].tolist() for v in metadata.values()))
    return f"<div><p><b>{_cell(repr(sweeps))}</b></p>" + sparkline(sweeps.data[0]) + _table(list(metadata), rows) + "</div>"
