"""`analyze` on folders of real recordings: every file is analysed or listed with its reason."""

import subprocess
import time

import pytest
from program import endplate_path, shared_path


def analyze(folder, out, *options):
    done = subprocess.run([str(endplate_path()), "analyze", str(folder), "--out", str(out), *options], capture_output=True, text=True)
    rows = (out / "tables" / "recordings.tsv").read_text().splitlines()[1:] if (out / "tables" / "recordings.tsv").exists() else []
    rest = [line.split("\t") for line in (out / "tables" / "not_analysed.tsv").read_text().splitlines()[1:]]
    assert (out / "report.html").is_file()
    assert all(cells[3] for cells in rest), "a file without a reason"
    return done, [row.split("\t")[0] for row in rows], {cells[0]: cells[2:] for cells in rest}


def test_needle_records_and_second_run(tmp_path):
    folder, out = shared_path("physionet_emgdb"), tmp_path / "out"
    done, analysed, rest = analyze(folder, out)
    assert done.returncode == 0 and analysed == ["emg_healthy", "emg_myopathy", "emg_neuropathy"]
    assert rest["emg_healthy.txt"] == ["skipped", "companion of emg_healthy.hea"]
    files = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in out.rglob("*") if p.is_file()}
    begin = time.monotonic()
    again, _, _ = analyze(folder, out)
    assert time.monotonic() - begin < 60
    assert "3 unchanged" in again.stdout
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in out.rglob("*") if p.is_file()} == files


@pytest.mark.parametrize("name, options, count", [("bsnb_opensignals", (), 0), ("bsnb_opensignals", ("--units", "count:0.5uV"), 8), ("emgflow", (), 0),
                                                  ("emgflow", ("--units", "mV"), 4), ("biosppy", (), 0), ("biosppy", ("--units", "count:1uV"), 2),
                                                  ("format_edf_bdf", (), 19), ("format_edfio", (), 6)])
def test_every_file_has_an_answer(tmp_path, name, options, count):
    folder = shared_path(name)
    done, analysed, rest = analyze(folder, tmp_path / "out", *options)
    assert len(analysed) == count, (analysed, rest)
    assert done.returncode == (0 if count else 4)
    answered = {a.split("__")[0] for a in analysed} | set(rest)
    for path in folder.iterdir():
        assert path.name in answered or path.stem in answered, path.name
    if not count:
        assert any("--units" in reason for _, reason in rest.values())
