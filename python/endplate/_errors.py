"""What a call can fail with, and the warning of readers and operations."""

import os
import sys
import warnings
from typing import Iterable, Tuple

_PACKAGE_DIR = os.path.dirname(__file__)


class Error(Exception):
    """Base of everything this package raises on purpose; the message is one line."""


class InvalidArgument(Error, ValueError):
    """A wrong option or array; names option, value and allowed range."""


class NumericalError(Error, ArithmeticError):
    """The data allow no answer."""


class FileError(Error, OSError):
    """A file that cannot be read or written."""

    path: str
    where: str
    byte: int

    def __init__(self, message: str, path: str = "", where: str = "", byte: int = -1) -> None:
        super().__init__(message)
        self.path = path
        self.where = where
        self.byte = byte


class EndplateWarning(UserWarning):
    """Something a reader or an operation wants to be known; also in `Recording.warnings`."""


def _caller_level() -> int:
    level = 2
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE_DIR):
        frame = frame.f_back
        level += 1
    return level


def warn(messages: Iterable[Tuple[str, str, str]]) -> None:
    """Warns of each code once."""
    seen = set()
    for code, message, _channel in messages:
        if code not in seen:
            seen.add(code)
            warnings.warn(f"[{code}] {message}", EndplateWarning, stacklevel=_caller_level())
