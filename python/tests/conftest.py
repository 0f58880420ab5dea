"""The package under test: the installed one, or that of the build directory (EMG_BUILD, default build/)."""

import os
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("EMG_BUILD", ROOT / "build")) / "python"
if BUILD.is_dir():
    sys.path.insert(0, str(BUILD))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(BUILD), os.environ.get("PYTHONPATH")]))


def absent(what):
    """Ends the running test: a failure in CI, a skip elsewhere."""
    if os.environ.get("CI") == "true":
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def missing():
    return absent


@pytest.fixture(scope="session")
def needed():
    """Imports an optional package."""

    def load(module):
        try:
            return __import__(module)
        except ImportError:
            return absent(f"{module} is not installed")

    return load


@pytest.fixture(scope="session")
def ep():
    try:
        import endplate
    except ImportError as error:
        absent(f"the Python module cannot be imported: {error}")
    return endplate


@pytest.fixture
def noise():
    """4 channels x 4000 samples of noise, 20 uV."""
    import numpy as np

    return 20 * np.random.default_rng(1).standard_normal((4, 4000))


@pytest.fixture
def rec(ep, noise):
    return ep.from_numpy(noise, rate_hz=2000, channels=["A", "B", "C", "D"], start_time="2020-01-02T03:04:05+00:00")
