"""Progress of long calls: a function given by the caller, or one line on standard error."""

import sys
from typing import Any, Callable

Progress = Callable[[int, int, str], Any]


def _bar(done: int, total: int, stage: str) -> None:
    share = done / total if total else 1.0
    sys.stderr.write(f"\r{stage}: {100 * share:3.0f} %")
    if done >= total:
        sys.stderr.write("\n")
    sys.stderr.flush()


def function(progress: Any, name: str) -> Progress:
    if progress is True:
        return _bar
    if not callable(progress):
        raise TypeError(f"progress must be True, None or callable(done, total, stage), not {type(progress).__name__}")
    return progress  # type: ignore[no-any-return]
