"""Endplate: offline analysis of electromyography recordings.

Signals are arrays of channels x samples in microvolts, or Recording objects that know their rate. Every operation of the library is a
function of this package, spelt as on the command line with underscores; its options are keywords.
"""

from . import _core
from ._adapt import from_dataframe, from_numpy, from_xarray
from ._batch import analyze, analyze_file, batch, collect
from ._core import *  # noqa: F403
from ._core import Operation
from ._decompose import Decomposer, Decomposition, NeedleDecomposition, Units, apply_filters, decompose
from ._errors import EndplateWarning, Error, FileError, InvalidArgument, NumericalError
from ._files import RecordingFile, build_info, describe, open, read, read_table, scan, show_config, simulate, version, write
from ._ncs import NcsStudy, cmap_scan, ncs
from ._objects import Annotation, Channel, Gap, Provenance, ReaderWarning, ScannedFile, Stimulus, Stream, Subject
from ._recording import Recording, Sweeps, from_json
from ._results import Arrays, Events, Table, Truth, Unit
from ._score import Score, score
from ._twitch import TwitchSession, twitch

__version__ = version()


def __getattr__(name: str) -> object:
    if name == "plot":  # not imported with the package: matplotlib is optional
        import importlib

        return importlib.import_module(".plot", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Annotation", "Arrays", "Channel", "Decomposer", "Decomposition", "EndplateWarning", "Error", "Events", "FileError", "Gap", "InvalidArgument",
    "NcsStudy", "NeedleDecomposition", "NumericalError",
    "Operation", "Provenance", "ReaderWarning", "Recording", "RecordingFile", "ScannedFile", "Score", "Stimulus", "Stream", "Subject", "Sweeps",
    "Table", "Truth", "TwitchSession", "Unit", "Units", "analyze", "analyze_file", "apply_filters", "batch", "build_info", "cmap_scan", "collect", "decompose",
    "describe", "from_dataframe", "from_json", "from_numpy", "from_xarray", "ncs", "open", "read", "read_table", "scan", "score", "show_config", "simulate",
    "twitch", "version", "write", *_core.operation_names,
]
