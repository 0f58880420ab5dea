"""Every command's --json document keeps to docs/schema/result.schema.json, also when it fails; what is missing is null."""

import json
import subprocess

import pytest
from program import ROOT, endplate_path

jsonschema = pytest.importorskip("jsonschema")
SCHEMA = json.loads((ROOT / "docs" / "schema" / "result.schema.json").read_text())


def refuse_constant(name):
    raise AssertionError(f"{name} in a JSON document")


def document(*words):
    done = subprocess.run([str(endplate_path()), *map(str, words), "--json"], capture_output=True, text=True)
    parsed = json.loads(done.stdout, parse_constant=refuse_constant)
    jsonschema.validate(parsed, SCHEMA)
    return done.returncode, parsed


@pytest.fixture(scope="module")
def surface(tmp_path_factory):
    path = tmp_path_factory.mktemp("json") / "surface.nwb"
    subprocess.run([str(endplate_path()), "simulate", "surface", "--duration-s", "5", "--out", str(path)], check=True, stdout=subprocess.DEVNULL)
    return path


# Operations that two channels of microvolts cannot satisfy.
REFUSED = {"partial-coherence": "third channel", "co-contraction": "accept_raw"}


def test_every_operation(surface, tmp_path):
    _, listed = document("list")
    kinds = {c["name"]: c["kind"] for c in listed["commands"]}
    assert kinds["bandpass"] == "channels" and kinds["onsets"] == "events"
    for name, kind in kinds.items():
        if kind in ("composed", "sweeps", "sweep_rows"):  # those on sweeps: ncs_test.py
            continue
        words = [name, surface] + (["-o", tmp_path / f"{name}.nwb"] if kind == "channels" else [])
        code, result = document(*words)
        if name in REFUSED:
            assert code == 2 and REFUSED[name] in result["errors"][0]["message"]
            continue
        assert code == 0, (name, result["errors"])
        assert result["status"] == "ok" and result["command"] == name and result["inputs"][0]["samples"] == 5 * 2048
        assert (result["outputs"] if kind == "channels" else result["tables"]), name


def test_composed_commands(surface, tmp_path):
    for words in (["inspect", surface], ["convert", surface, tmp_path / "a.edf"], ["config", "welch"], ["version"],
                  ["simulate", "rest", "--duration-s", 20, "--out", tmp_path / "rest.nwb"], ["analyze", surface, "--out", tmp_path / "out"],
                  ["report", tmp_path / "out"], ["collect", tmp_path / "out", "--table", "recordings"],
                  ["batch", "welch", surface, "--out", tmp_path / "batch"]):
        code, result = document(*words)
        assert code == 0, (words, result["errors"])


def test_failures(surface, tmp_path):
    for words, code in ((["inspect", tmp_path / "absent.edf"], 4), (["welch", surface, "--segment-s", "-1"], 2), (["welch", surface, "--nope"], 2),
                        (["bandpass", surface], 2), (["analyze", tmp_path / "absent.edf", "--out", tmp_path / "failed"], 4)):
        returned, result = document(*words)
        assert returned == code, words
        assert result["status"] == "failed", words


def test_missing_is_null(tmp_path):
    flat = tmp_path / "flat.csv"
    flat.write_text("time_s,emg [uV]\n" + "".join(f"{i / 1000},{5}\n" for i in range(2000)))
    _, result = document("frequency-measures", flat)
    table = result["tables"]["frequency_measures"]
    mnf = [c["name"] for c in table["columns"]].index("mnf_hz")
    assert table["rows"][0][mnf] is None
