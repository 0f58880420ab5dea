"""Shell scripts parse, recipes refuse what they should, presets are valid."""

import json
import subprocess
import sys

import pytest
from program import ROOT

SCRIPTS = ["tools/dependencies.sh", "tools/quickstart.sh", "tests/run.sh", "tests/sanitize.sh", "datasets/make_samples.sh", ".ci/run"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_parse(script):
    done = subprocess.run(["sh", "-n", str(ROOT / script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_presets_name_what_the_readme_promises():
    presets = json.loads((ROOT / "CMakePresets.json").read_text())
    names = {p["name"] for p in presets["configurePresets"] if not p.get("hidden")}
    assert names == {"dev", "release", "asan", "tsan", "tidy", "fuzz"}


def test_samples_are_kept_and_the_same_bytes_again(endplate, samples, tmp_path):
    names = sorted(p.name for p in samples.glob("*.nwb"))
    assert names == ["decrement.nwb", "f_waves.nwb", "grid_trapezoid.nwb", "motor_conduction.nwb", "needle_rest.nwb", "needle_units.nwb",
                     "rest_twitches.nwb", "surface_bursts.nwb"]
    script = ["sh", str(ROOT / "datasets" / "make_samples.sh"), str(endplate.path)]
    assert subprocess.run([*script, str(tmp_path)], check=False).returncode == 0
    for name in names:
        assert (tmp_path / name).read_bytes() == (samples / name).read_bytes(), name
    before = (samples / names[0]).stat().st_mtime_ns
    assert subprocess.run([*script, str(samples)], check=False).returncode == 0
    assert (samples / names[0]).stat().st_mtime_ns == before


def get_real(*arguments):
    return subprocess.run([sys.executable, str(ROOT / "datasets" / "get_real.py"), *arguments], capture_output=True, text=True, check=False)


def test_real_recordings_name_licence_and_source():
    listing = get_real("--list").stdout
    for word in ("MIT", "GPL-3.0-or-later", "doi:10.1161/01.CIR.101.23.e215", "PyPI"):
        assert word in listing


def test_gpl_data_come_on_request_only(tmp_path):
    done = get_real("--set", "emgflow", "--out", str(tmp_path))
    assert done.returncode == 2
    assert "--accept-gpl" in done.stderr
    assert not list(tmp_path.iterdir())
