"""Fixtures of the Python tests: the program, the module, the shared recordings, the bundled sample recordings."""

import subprocess

import pytest
from program import ROOT, Endplate, endplate_path, import_endplate, shared_path


@pytest.fixture(scope="session")
def endplate():
    return Endplate(endplate_path())


@pytest.fixture(scope="session")
def ep():
    return import_endplate()


@pytest.fixture(scope="session")
def shared():
    return shared_path


@pytest.fixture(scope="session")
def samples(endplate, tmp_path_factory):
    """The bundled sample recordings, made once."""
    folder = tmp_path_factory.mktemp("samples")
    script = ROOT / "datasets" / "make_samples.sh"
    done = subprocess.run(["sh", str(script), str(endplate.path), str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder
