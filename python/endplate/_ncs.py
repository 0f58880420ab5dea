"""A nerve conduction study: sweeps or files in, the tables of a report out."""

import os
from typing import Any, Dict, List, Optional, Tuple

from . import _core
from ._describe import DescribedFunction
from ._errors import InvalidArgument
from ._recording import Sweeps
from ._results import Table
from ._values import Immutable

_MARKERS = "ncs_markers"


class NcsStudy(Immutable):
    """What was measured: `study.motor`, `study.velocity`, ... are tables; `study.tables` holds all of them by name."""

    __slots__ = ("tables", "__weakref__")

    tables: Dict[str, Table]

    def __init__(self, tables: Dict[str, Table]) -> None:
        self._set(tables=tables)

    def __getattr__(self, name: str) -> Table:
        if not name.startswith("_") and "ncs_" + name in self.tables:
            return self.tables["ncs_" + name]
        raise AttributeError(f"NcsStudy has no {name!r}; it has {', '.join(t[4:] for t in self.tables)}")

    def __dir__(self) -> List[str]:
        return sorted({"tables"} | {t[4:] for t in self.tables})

    def __reduce__(self) -> Any:
        return NcsStudy, (self.tables,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NcsStudy) and self.tables == other.tables

    def __repr__(self) -> str:
        return f"NcsStudy({', '.join(f'{len(t)} {n[4:]}' for n, t in self.tables.items())})"


def _files_of(path: str) -> List[str]:
    if not os.path.isdir(path):
        return [path]
    from ._files import scan

    return [f.path for f in scan(path) if f.outcome == "recording"]


def _load(study: Any) -> Tuple[List[Any], Optional[Dict[str, Any]]]:
    """Payloads of the sweeps, and stored markers."""
    from ._files import RecordingFile

    payloads: List[Any] = []
    markers: Optional[Dict[str, Any]] = None
    for part in study if isinstance(study, (list, tuple)) else [study]:
        if isinstance(part, Sweeps):
            payloads.append(part.payload())
            continue
        path = os.fspath(part)
        for name in _files_of(path):
            with RecordingFile(name) as file:
                sweeps, tables = file.sweeps, file.tables
            if sweeps is None:
                if not os.path.isdir(path):
                    raise InvalidArgument(f"{name} holds no sweeps")
                continue
            payloads.append(sweeps.payload())
            if _MARKERS in tables:
                markers = tables[_MARKERS].payload()
    return payloads, markers


def _ncs(study: Any, /, *, markers: Any = None, threads: int = 1, **options: Any) -> NcsStudy:
    """Measures a nerve conduction study: Sweeps, a file, a folder, or a list of these.

    `markers`: a Table with the columns of `study.markers`; rows whose source is `manual` win over automatic markers. Markers set by hand
    that a file holds are kept. The command `endplate ncs` writes the same tables and a report.
    """
    payloads, stored = _load(study)
    if not payloads:
        raise InvalidArgument("the study holds no sweeps")
    manual = markers.payload() if markers is not None else stored
    made = [Table(t) for t in _core.ncs(payloads, manual, threads, options)]
    return NcsStudy({t.name: t for t in made})


def _fields() -> List[Dict[str, Any]]:
    return _core.describe()["ncs"]  # type: ignore[no-any-return]


ncs = DescribedFunction(_ncs, _fields)


def _cmap_scan(scan: Any, amplitude_mv: Any = None, /, *, plateau_end: int = 0, scan_end: Optional[int] = None,
               after_end: Optional[int] = None, **options: Any) -> Table:
    """Numbers of a CMAP scan: a file (.MEM), or stimuli in mA and amplitudes in mV in the order of recording.

    Rows before `plateau_end` are the plateau, those up to `scan_end` the scan, those up to `after_end` the foot after it.
    """
    if amplitude_mv is None:
        given = _core.read_scan(os.fspath(scan))
    else:
        end = len(amplitude_mv) if scan_end is None else scan_end
        given = {"stimulus_ma": list(scan), "amplitude_mv": list(amplitude_mv), "plateau_end": plateau_end, "scan_end": end,
                 "after_end": end if after_end is None else after_end}
    return Table(_core.cmap_scan(*given.values(), options))


def _scan_fields() -> List[Dict[str, Any]]:
    return _core.describe()["cmap_scan"]  # type: ignore[no-any-return]


cmap_scan = DescribedFunction(_cmap_scan, _scan_fields)
