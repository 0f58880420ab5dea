"""Many files at once: the command line's batch, analyze and collect, called from Python."""

import functools
import json
import os
import pathlib
import shutil
import subprocess
import sysconfig
import tempfile
from typing import Any, Dict, Iterable, List, Tuple, Union

import numpy as np

from . import _core
from ._errors import Error, FileError, InvalidArgument
from ._files import read_table
from ._results import Table
from ._values import read_only

Paths = Union[str, "os.PathLike[str]", Iterable[Union[str, "os.PathLike[str]"]]]
# Exit codes of the command line: wrong usage, and some or all inputs failed (the table says which and why).
_USAGE, _FAILED, _PARTIAL, _REFUSED, _INTERRUPTED = 2, 1, 3, 4, 130


@functools.lru_cache(maxsize=1)
def program() -> str:
    """Path of the `endplate` program of this version."""
    version = _core.build_facts()["version"]
    here = pathlib.Path(__file__).resolve().parent
    places = [pathlib.Path(sysconfig.get_path("scripts")) / "endplate", here.parents[1] / "tools" / "endplate", shutil.which("endplate")]
    if os.name != "nt":
        places.insert(1, pathlib.Path(sysconfig.get_path("scripts", "posix_user")) / "endplate")
    for place in places:
        if place is None or not os.access(place, os.X_OK):
            continue
        answer = subprocess.run([str(place), "--version"], capture_output=True, text=True)
        if answer.returncode == 0 and version in answer.stdout.split():
            return str(place)
    raise Error(f"the program endplate {version} is neither beside this Python nor on the PATH; install the package again, or build with EMG_TOOLS=ON")


def _flags(options: Dict[str, Any]) -> List[str]:
    flags = []
    for name, value in options.items():
        flag = name.replace("_", "-")
        if value is None:
            continue
        if isinstance(value, bool):
            flags.append(f"--{flag}" if value else f"--no-{flag}")
        elif isinstance(value, (list, tuple)):
            flags.append(f"--{flag}={','.join(str(v) for v in value)}")
        else:
            flags.append(f"--{flag}={os.fspath(value) if isinstance(value, os.PathLike) else value}")
    return flags


def _run(command: List[str], arguments: List[str]) -> Tuple[int, str]:
    """Exit code and error text of the program; wrong usage, interruption and crashes raise."""
    line = [program(), *command, "--quiet", "--progress=never", *arguments]
    done = subprocess.run(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    message = "; ".join(line.removeprefix("endplate: ").removeprefix("error: ") for line in done.stderr.splitlines())
    if done.returncode == _USAGE:
        raise InvalidArgument(message)
    if done.returncode == _INTERRUPTED:
        raise KeyboardInterrupt
    if done.returncode not in (0, _FAILED, _PARTIAL, _REFUSED):
        raise Error(message or f"endplate ended with code {done.returncode}")
    return done.returncode, message


def _paths(paths: Paths) -> List[str]:
    listed = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    if not listed:
        raise InvalidArgument("paths is empty: name files, folders or both")
    return [os.fspath(p) for p in listed]


_COLUMNS = {
    "recording_id": ("", "recording within the run"),
    "input": ("", "file that was read"),
    "status": ("", "done, failed or skipped"),
    "reason": ("", "why it failed or was skipped"),
    "warnings": ("", "codes of the warnings, joined by spaces"),
    "wall_s": ("s", "elapsed time"),
    "cpu_s": ("s", "processor time"),
    "peak_mb": ("MB", "largest memory of the worker"),
}


def _entries(out: pathlib.Path) -> Dict[str, Dict[str, Any]]:
    """The last manifest line of each recording; a line that a crash cut off is left out."""
    entries: Dict[str, Dict[str, Any]] = {}
    for manifest in sorted(out.glob("manifest*.jsonl")):
        for line in manifest.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            entries[entry["id"]] = entry
    return dict(sorted(entries.items()))


def _row(entry: Dict[str, Any]) -> Dict[str, Any]:
    return {**entry, "recording_id": entry["id"], "warnings": " ".join(dict.fromkeys(entry["warnings"]))}


def _over_files(command: List[str], paths: Paths, out: Any, options: Dict[str, Any]) -> Table:
    code, message = _run(command, [f"--out={os.fspath(out)}", *_flags(options), "--", *_paths(paths)])
    rows = [_row(entry) for entry in _entries(pathlib.Path(out)).values()]
    if not rows:
        raise (FileError if code == _REFUSED else Error)(message or f"nothing to read in {', '.join(_paths(paths))}")
    values = {name: read_only(np.asarray([row[name] for row in rows], dtype=float if unit else object)) for name, (unit, _) in _COLUMNS.items()}
    return Table({"name": "recordings", "text": "one row per input", "columns": [(n, *_COLUMNS[n], values[n]) for n in _COLUMNS]})


def batch(paths: Paths, *, command: str, out: Any, jobs: int = 1, **options: Any) -> Table:
    """Runs one operation, or `analyze`, over many files and gives one row per recording: its status, and the reason if it failed.

    `paths` are files and folders; results, tables and manifest go into the folder `out`; `jobs` worker processes share the files (0: all processors).
    Options of the operation and of reading are keywords: `factor=4`, `units="mV"`. What is up to date is not computed again; a failed file is a row.

    Raises InvalidArgument for a wrong option, FileError if no input can be read.
    """
    words = ["analyze"] if command == "analyze" else ["batch", command.replace("_", "-")]
    return _over_files(words, paths, out, {"jobs": jobs, **options})


def analyze(paths: Paths, *, out: Any, jobs: int = 1, **options: Any) -> Table:
    """The whole job over files and folders: tables, result files and `report.html` in the folder `out`; one row per recording comes back."""
    return _over_files(["analyze"], paths, out, {"jobs": jobs, **options})


def analyze_file(path: Any, *, out: Any = None, **options: Any) -> Dict[str, Any]:
    """Analyses one file and gives its status and its row of the table of recordings. Without `out` the results are not kept.

    A plain function of its arguments, for process pools: `joblib.Parallel(8)(joblib.delayed(ep.analyze_file)(f) for f in files)`.
    """
    if out is None:
        with tempfile.TemporaryDirectory() as folder:
            return analyze_file(path, out=folder, **options)
    rows = _over_files(["analyze"], path, out, options).to_dict()
    if len(rows["input"]) != 1:
        raise InvalidArgument(f"{os.fspath(path)} is not one recording; use analyze, or another folder for out than {os.fspath(out)}")
    result = {name: values[0] for name, values in rows.items()}
    if result["status"] == "done":
        result.update({name: values[0] for name, values in read_table(pathlib.Path(out) / "tables" / "recordings.tsv").to_dict().items()})
    return result


def collect(directories: Paths, *, table: str, union_columns: bool = False) -> Table:
    """One table of several runs or shards, joined and sorted by recording.

    Raises InvalidArgument if the columns differ, unless `union_columns` is set.
    """
    with tempfile.TemporaryDirectory() as folder:
        joined = pathlib.Path(folder) / f"{table}.tsv"
        code, message = _run(["collect"], [f"--table={table}", *(["--union-columns"] if union_columns else []), f"--output={joined}", "--",
                              *_paths(directories)])
        if code != 0:
            raise FileError(message)
        return read_table(joined)
