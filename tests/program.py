"""What the Python tests share: the program, the shared recordings, and the rule for what is missing.

A missing program, folder or tool fails the test if CI=true and skips it, saying so, everywhere else.
"""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("EMG_BUILD", ROOT / "build"))

for module_dir in (BUILD / "python", ROOT / "build" / "python"):
    if module_dir.is_dir() and str(module_dir) not in sys.path:
        sys.path.insert(0, str(module_dir))


def missing(what):
    """Ends the running test: a failure in CI, a skip elsewhere."""
    if os.environ.get("CI") == "true":
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


def endplate_path():
    path = pathlib.Path(os.environ.get("ENDPLATE", BUILD / "tools" / "endplate"))
    if not path.is_file():
        missing(f"the program is not built: {path} (set ENDPLATE or build into build/)")
    return path.resolve()


def shared_path(*parts):
    root = pathlib.Path(os.environ.get("EMG_SHARED_DATA") or ROOT.parent / "shared" / "data")
    path = root.joinpath(*parts)
    if not path.exists():
        missing(f"shared data are absent: {path} (set EMG_SHARED_DATA)")
    return path


def tool_path(name):
    path = shutil.which(name)
    if path is None:
        missing(f"{name} is not installed")
    return path


def import_endplate():
    try:
        import endplate
    except ImportError as error:
        missing(f"the Python module cannot be imported: {error}")
    return endplate


class Endplate:
    """Runs the program; `endplate("bandpass", path, "-o", out)` returns the completed process with text output."""

    def __init__(self, path):
        self.path = path

    def __call__(self, *arguments, cwd=None, env=None, timeout=120):
        command = [str(self.path), *map(str, arguments)]
        return subprocess.run(command, cwd=cwd, env=env, timeout=timeout, capture_output=True, text=True, check=False)

    def ok(self, *arguments, **keywords):
        """As a call; fails unless the exit code is 0. Returns standard output."""
        done = self(*arguments, **keywords)
        assert done.returncode == 0, f"endplate {' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stderr}"
        return done.stdout
