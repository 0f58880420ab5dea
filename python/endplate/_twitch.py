"""Resting recordings of one person: the command line's twitch, called from Python."""

import os
import pathlib
import tempfile
from typing import Any, Dict, Iterable, List, Optional, Union

from ._batch import Paths, _flags, _run
from ._errors import FileError, InvalidArgument
from ._files import read_table, write
from ._recording import Recording
from ._results import Table

_TABLES = ("events", "rates", "excluded", "sources", "intervals", "body", "coincidence", "trend")


class TwitchSession:
    """Tables of one person's resting recordings, each an attribute: `report` (a row for each recording and muscle), `events`, `rates`, `excluded`,
    `sources`, `intervals`, `body`, `coincidence`, `trend`; and `person`, the totals, as a dict."""

    def __init__(self, tables: Dict[str, Table], person: Dict[str, Any]) -> None:
        self._tables = tables
        self.person = person

    def __getattr__(self, name: str) -> Table:
        tables: Dict[str, Table] = self.__dict__.get("_tables", {})
        if name in tables:
            return tables[name]
        raise AttributeError(f"TwitchSession has no {name!r}; it has person, {', '.join(tables)}")

    def __dir__(self) -> List[str]:
        return sorted({*super().__dir__(), *self._tables})

    @property
    def tables(self) -> Dict[str, Table]:
        return dict(self._tables)

    def __repr__(self) -> str:
        return f"TwitchSession({self.person.get('sentence', '')!r})"


def _session_file(session: Any, folder: pathlib.Path) -> Optional[str]:
    """Path of the session table: given, or written from rows (dicts, or a DataFrame)."""
    if session is None or isinstance(session, (str, os.PathLike)):
        return None if session is None else os.fspath(session)
    rows = session.to_dict("records") if hasattr(session, "to_dict") else list(session)
    names = list(dict.fromkeys(name for row in rows for name in row))
    if any("\t" in str(v) or "\n" in str(v) for row in rows for v in row.values()):
        raise InvalidArgument("session: a value holds a tab or a line break")
    path = folder / "session.tsv"
    lines = ["\t".join(names), *("\t".join(str(row.get(name, "")) for name in names) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return os.fspath(path)


def _inputs(recordings: Any, folder: pathlib.Path) -> Paths:
    if isinstance(recordings, Recording):
        recordings = [recordings]
    if isinstance(recordings, (str, os.PathLike)):
        return recordings
    listed = list(recordings.items()) if isinstance(recordings, dict) else [(f"recording{i + 1}", r) for i, r in enumerate(recordings)]
    paths: List[Union[str, "os.PathLike[str]"]] = []
    for name, recording in listed:
        if isinstance(recording, Recording):
            paths.append(folder / f"{name}.nwb")
            write(recording, paths[-1], dtype="float64", fast=True)
        else:
            paths.append(recording)
    return paths


def twitch(recordings: Union[Recording, Paths, Iterable[Recording], Dict[str, Recording]], /, *, out: Any = None, session: Any = None,
           threads: int = 1, **options: Any) -> TwitchSession:
    """Counts the twitches of one person's resting muscles: rates with exact intervals, what was excluded, what would have been missed, spread.

    `recordings` are files and folders, or Recording objects (a dict names them; else they are recording1, recording2, ...). `session` says what was
    recorded: a table file, a DataFrame or a list of dicts with `file` (name or stem) and any of channel, subject, muscle, side, region, electrode,
    date. With `out`, results, tables and `report.html` stay in that folder. Options are those of `endplate twitch`, and of reading.

    Raises InvalidArgument for a wrong option, FileError if no recording can be read; one broken file among others is a row with its reason.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        target = folder / "out" if out is None else pathlib.Path(out)
        flags = _flags({"out": target, "session": _session_file(session, folder), "threads": threads, **options})
        given = _inputs(recordings, folder)
        listed = [given] if isinstance(given, (str, os.PathLike)) else list(given)
        if not listed:
            raise InvalidArgument("recordings is empty: name files, folders or Recording objects")
        code, message = _run(["twitch"], [*flags, "--", *(os.fspath(p) for p in listed)])
        if code not in (0, 3):
            raise FileError(message)
        tables = {"report": read_table(target / "twitch_report.tsv")}
        tables.update({name: read_table(target / "tables" / f"twitch_{name}.tsv") for name in _TABLES})
        person = read_table(target / "tables" / "twitch_person.tsv").to_dict()
        return TwitchSession(tables, {name: values[0] for name, values in person.items()})
