"""`analyze` where things go wrong: damaged results, odd names, earlier results, options that changed, no room on standard output."""

import os
import subprocess

import pytest
from program import endplate_path


def run(*words, **options):
    return subprocess.run([os.fsencode(str(endplate_path())), *(w if isinstance(w, bytes) else str(w) for w in words)], stdout=options.pop("stdout", subprocess.PIPE),
                          stderr=subprocess.PIPE, **options)


def rows(path):
    lines = path.read_text().splitlines()
    return [dict(zip(lines[0].split("\t"), line.split("\t"))) for line in lines[1:]]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    for seed in (1, 2):
        done = run("simulate", "rest", "--duration-s", 20, "--seed", seed, "--out", folder / f"rest{seed}.nwb")
        assert done.returncode == 0, done.stderr
    return folder


def test_a_damaged_result_is_computed_again(recordings, tmp_path):
    out = tmp_path / "out"
    assert run("analyze", recordings / "rest1.nwb", "--out", out).returncode == 0
    (out / "recordings" / "rest1.nwb").write_bytes(b"")
    (out / "tables" / "quality.tsv").write_text("junk\n")
    done = run("analyze", recordings, "--out", out)
    assert done.returncode == 0 and b"0 unchanged" in done.stdout
    assert [r["recording_id"] for r in rows(out / "tables" / "quality.tsv")] == ["rest1", "rest2"]


def test_results_of_other_options_leave_the_tables(recordings, tmp_path):
    out = tmp_path / "out"
    assert run("analyze", recordings, "--out", out).returncode == 0
    assert run("analyze", recordings / "rest1.nwb", "--out", out, "--kind", "needle").returncode == 0
    assert [(r["recording_id"], r["kind"]) for r in rows(out / "tables" / "recordings.tsv")] == [("rest1", "needle")]


def test_the_same_name_from_another_folder_is_told(recordings, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rec.nwb").write_bytes((recordings / "rest1.nwb").read_bytes())
    assert run("analyze", tmp_path / "a", "--out", tmp_path / "out").returncode == 0
    done = run("analyze", tmp_path / "b", "--out", tmp_path / "out")
    assert done.returncode == 0 and b"[id_reused]" in done.stderr


def test_earlier_results_are_no_input(recordings, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "rec.nwb").write_bytes((recordings / "rest1.nwb").read_bytes())
    assert run("analyze", folder, "--out", folder / "out").returncode == 0
    assert run("analyze", folder, folder / "rec.nwb", "--out", tmp_path / "second").returncode == 0
    assert len(rows(tmp_path / "second" / "tables" / "recordings.tsv")) == 1


def test_a_name_that_is_no_text(recordings, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    name = os.fsencode(str(folder)) + b"/b\xff.nwb"
    with open(name, "wb") as target:
        target.write((recordings / "rest1.nwb").read_bytes())
    done = run("analyze", folder, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert rows(tmp_path / "out" / "tables" / "recordings.tsv")[0]["recording_id"] == "b_xFF"


def test_the_band_is_written_down(recordings, tmp_path):
    assert run("analyze", recordings / "rest1.nwb", "--out", tmp_path / "out", "--surface-high-hz", 4000).returncode == 0
    band = next(r for r in rows(tmp_path / "out" / "tables" / "steps.tsv") if r["step"] == "bandpass")
    assert band["status"] == "done" and band["reason"].startswith("20 to 921.6 Hz")


@pytest.mark.parametrize("words", [["list", "--json"], ["welch", "--help"], ["help"], ["--version"]])
def test_no_room_on_standard_output(words):
    with open("/dev/full", "wb") as full:
        done = run(*words, stdout=full)
    assert done.returncode == 1 and done.stderr.count(b"\n") == 1


def test_nothing_to_analyse_is_said(recordings, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    for path in (empty, tmp_path / "absent.edf"):
        done = run("analyze", path, "--out", tmp_path / "out")
        assert done.returncode == 4 and done.stderr.startswith(b"endplate: error: ") and done.stderr.count(b"\n") == 1
    done = run("analyze", recordings, "--out", "/dev/null")
    assert done.returncode == 1 and b"filesystem error" not in done.stderr


def test_quality_counts_what_is_missing(tmp_path):
    path = tmp_path / "gap.csv"
    path.write_text("time_s,emg [uV]\n" + "".join(f"{i / 1000},{'' if 3000 <= i < 5000 else (i * 37) % 11 - 5}\n" for i in range(8000)))
    done = run("quality", path)
    header, row = (line.split("\t") for line in done.stdout.decode().splitlines())
    assert dict(zip(header, row))["missing_fraction"] == "0.25"


def test_units_and_conduction_are_those_of_their_own_commands(tmp_path):
    folder, out, units = tmp_path / "in", tmp_path / "out", tmp_path / "units"
    folder.mkdir()
    for kind, *words in (["needle", "--rate-hz", 20000, "--duration-s", 6, "--unit-count", 3],
                         ["hd", "--duration-s", 6, "--unit-count", 12, "--layout", "custom", "--rows", 5, "--columns", 4, "--snr-db", 25],
                         ["motor-ncs"], ["rns", "--preset", "myasthenia"]):
        assert run("simulate", kind, *words, "--seed", 3, "--out", folder / f"{kind}.nwb").returncode == 0
    done = run("analyze", folder, "--out", out)
    assert done.returncode == 0, done.stderr
    assert [r for r in rows(out / "tables" / "steps.tsv") if r["status"] != "done"] == []
    found = {r["recording_id"]: r for r in rows(out / "tables" / "recordings.tsv")}
    discharges = rows(out / "tables" / "unit_discharges.tsv")
    for kind in ("needle", "hd"):
        assert run("decompose", folder / f"{kind}.nwb", "--out", units).returncode == 0
        alone = [(r["unit_id"], r["sample"]) for r in rows(units / f"{kind}_desc-decomposed_events.tsv")]
        assert alone and sorted(alone) == sorted((r["unit_id"], r["sample"]) for r in discharges if r["recording_id"] == kind)
        trusted = [r for r in rows(out / "tables" / "unit_quality.tsv") if r["recording_id"] == kind and r["status"] == "accepted"]
        assert trusted and int(float(found[kind]["unit_count"])) == len(trusted)
    assert {r["recording_id"] for r in rows(out / "tables" / "ncs_motor.tsv")} >= {"motor-ncs"}
    assert rows(out / "tables" / "ncs_velocity.tsv")[0]["velocity_mps"]
    assert {r["recording_id"] for r in rows(out / "tables" / "ncs_repetitive.tsv")} == {"rns"}
    done = run("analyze", folder / "needle.nwb", "--out", tmp_path / "quick", "--no-motor-units")
    assert done.returncode == 0 and not (tmp_path / "quick" / "tables" / "unit_quality.tsv").exists()
