"""Files in and out, simulations, and what this build is."""

import os
import sys
from typing import Any, Dict, Iterator, List, Optional, Tuple

from . import _core
from ._describe import DescribedFunction
from ._errors import InvalidArgument, warn
from ._objects import ScannedFile, Stream
from ._recording import Recording, Sweeps
from ._results import Arrays, Table, Truth, Unit, _Result


def _input_fields() -> List[Dict[str, Any]]:
    return _core.describe()["input"]  # type: ignore[no-any-return]


def _output_fields() -> List[Dict[str, Any]]:
    return _core.describe()["output"]  # type: ignore[no-any-return]


def _warned(recording: Recording) -> Recording:
    warn((w.code, w.message, w.channel) for w in recording.warnings)
    return recording


def _stored_truth(handle: Any) -> Optional[Truth]:
    units, tables = handle.truth()
    return Truth([Unit(u) for u in units], [Table(t) for t in tables]) if tables else None


class RecordingFile:
    """An open file: its streams, and its samples in blocks of bounded memory. A context manager."""

    def __init__(self, path: Any, **options: Any) -> None:
        self._handle: Any = _core.FileHandle(os.fspath(path), options, "open")

    def _open(self) -> Any:
        if self._handle is None:
            raise InvalidArgument("the file is closed")
        return self._handle

    @property
    def path(self) -> str:
        return self._open().path  # type: ignore[no-any-return]

    @property
    def format(self) -> str:
        return self._open().format  # type: ignore[no-any-return]

    @property
    def streams(self) -> Tuple[Stream, ...]:
        return tuple(Stream(**{**s, "channels": tuple(s["channels"])}) for s in self._open().streams)

    @property
    def sample_count(self) -> int:
        return self._open().sample_count  # type: ignore[no-any-return]

    @property
    def rate_hz(self) -> float:
        return self._open().facts()["rate_hz"]  # type: ignore[no-any-return]

    @property
    def tables(self) -> Dict[str, Table]:
        """Result tables stored in the file."""
        return {t["name"]: Table(t) for t in self._open().tables()}

    @property
    def sweeps(self) -> Optional[Sweeps]:
        stored = self._open().sweeps()
        return None if stored is None else Sweeps(stored)

    def read(self) -> Recording:
        handle = self._open()
        return _warned(Recording(handle.read(), _stored_truth(handle)))

    def blocks(self, seconds: Optional[float] = None) -> Iterator[Recording]:
        """Consecutive recordings of `seconds` (about 8 MiB if not given); the last one may be shorter."""
        step = self._open().block_samples if seconds is None else max(1, round(seconds * self.rate_hz))
        first, total = 0, self.sample_count
        while first < total:
            count = min(step, total - first)
            yield Recording(self._open().read_window(first, count))
            first += count

    def close(self) -> None:
        self._handle = None

    def __enter__(self) -> "RecordingFile":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._handle is None:
            return "RecordingFile(closed)"
        return f"RecordingFile({self.path!r}, {self.format}, {len(self.streams)} streams)"


def _open(path: Any, /, **options: Any) -> RecordingFile:
    """Opens a recording file of any known format, by its content."""
    return RecordingFile(path, **options)


def _read(path: Any, /, **options: Any) -> Recording:
    """Reads a recording file of any known format, by its content."""
    handle = _core.FileHandle(os.fspath(path), options, "read")
    return _warned(Recording(handle.read(), _stored_truth(handle)))


def _scan(directory: Any, /, **options: Any) -> List[ScannedFile]:
    """Every file below a directory: a recording, or skipped with its reason."""
    return [ScannedFile(*f) for f in _core.scan(os.fspath(directory), options)]


def _created(options: Dict[str, Any]) -> Dict[str, Any]:
    if options.get("created"):
        return options
    from datetime import datetime, timezone

    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.fromtimestamp(int(epoch), timezone.utc) if epoch else datetime.now(timezone.utc).replace(microsecond=0)
    return {**options, "created": now.isoformat()}


def _contents(**given: Any) -> Dict[str, Any]:
    return {"signal": True, "tables": [], "arrays": [], "truth_units": [], "sweeps": None, **given}


def _truth_contents(truth: Optional[Truth]) -> Dict[str, Any]:
    if truth is None:
        return {}
    return {"tables": [t.payload() for t in truth.tables.values()], "truth_units": [u.payload() for u in truth.units]}


def _write_recording(recording: Recording, path: str, options: Dict[str, Any]) -> None:
    _core.write_file(path, recording._handle, _contents(**_truth_contents(recording.truth)), _created(options))


def _write_sweeps(sweeps: Sweeps, path: str, options: Dict[str, Any]) -> None:
    if os.path.splitext(path)[1] != ".nwb":
        raise InvalidArgument(f"{path}: sweeps are written as .nwb")
    contents = _contents(signal=False, sweeps=sweeps.payload(), **_truth_contents(sweeps.truth))
    _core.write_result(path, sweeps.rate_hz, [tuple(p) for p in sweeps.provenance], contents, _created(options))


def _write_result(result: _Result, path: str, options: Dict[str, Any]) -> None:
    arrays = result._with_channel_axis() if isinstance(result, Arrays) else None
    if os.path.splitext(path)[1] != ".nwb":
        if options:
            raise TypeError(f"write() of a table takes no option {next(iter(options))}")
        if arrays is not None:
            _core.write_long_table(path, result.name, arrays)
        else:
            _core.write_table(path, result.payload())
        return
    held: Dict[str, Any] = {"tables": [result.payload()]} if arrays is None else {"arrays": [(result.name, arrays)]}
    contents = _contents(signal=False, **held)
    _core.write_result(path, result.rate_hz or 0.0, [tuple(p) for p in result.provenance], contents, _created(options))


def _write(what: Any, path: Any, /, **options: Any) -> None:
    """Writes a recording (.nwb .edf .bdf .csv .tsv), sweeps (.nwb) or a result (.nwb .tsv .csv .jsonl), atomically."""
    path = os.fspath(path)
    if isinstance(what, Sweeps):
        return _write_sweeps(what, path, options)
    if isinstance(what, Recording):
        _write_recording(what, path, options)
    elif isinstance(what, _Result):
        _write_result(what, path, options)
    else:
        raise TypeError(f"write() takes a Recording or a result, not {type(what).__name__}; make one with from_numpy")


read = DescribedFunction(_read, _input_fields)
open = DescribedFunction(_open, _input_fields)  # noqa: A001
scan = DescribedFunction(_scan, _input_fields)
write = DescribedFunction(_write, _output_fields)


def read_table(path: Any) -> Table:
    """Reads a TSV or CSV table."""
    return Table(_core.read_table(os.fspath(path)))


def simulate(kind: str, /, *, threads: int = 1, **options: Any) -> Any:
    """A recording (or sweeps) of which everything is known: `.truth` holds units and tables; `preset` names a set of defaults.

    `kind` and its options stand in `describe()["simulations"]` and in docs/options.md. The same seed gives the same bits.
    """
    if not isinstance(kind, str):
        raise TypeError(f"kind must be text, not {type(kind).__name__}")
    made = _core.simulate(kind, threads, options)
    truth = Truth([Unit(u) for u in made["units"]], [Table(t) for t in made["tables"]])
    if made["recording"] is not None:
        return Recording(made["recording"], truth)
    return Sweeps(made["sweeps"], truth, made["provenance"])


def describe() -> Dict[str, Any]:
    """Every operation, simulation and file option with type, default, range, unit and text: what stubs and docs are made from."""
    return _core.describe()  # type: ignore[no-any-return]


def version() -> str:
    return _core.build_facts()["version"]  # type: ignore[no-any-return]


def build_info() -> Dict[str, str]:
    """Version, instruction set in use, compiler and licences of this build."""
    import numpy

    return {**_core.build_facts(), "numpy": numpy.__version__, "python": sys.version.split()[0], "source_licence": "BSD-3-Clause",
            "binary_licence": "linked to FFTW and therefore, as a whole, under the GNU General Public License, version 2 or later"}


def show_config() -> None:
    """Prints build_info()."""
    for name, value in build_info().items():
        print(f"{name}: {value}")
