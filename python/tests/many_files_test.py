"""Many files from Python: the same engine as the command line."""

import pathlib

import numpy as np
import pytest


@pytest.fixture
def folder(ep, noise, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    signal = noise.copy()
    signal[:, 300::400] += 40 * noise.std()
    for i in range(3):
        ep.write(ep.from_numpy((i + 1) * signal, rate_hz=2000, channels=list("ABCD")), folder / f"r{i}.edf")
    (folder / "broken.edf").write_bytes(b"0       " + b"?" * 300)
    return folder


def test_batch_gives_a_row_per_recording(ep, folder, tmp_path):
    rows = ep.batch(folder, command="detect_spikes", out=tmp_path / "out", jobs=2, factor=4.5)
    status = dict(zip(rows.recording_id, rows.status))
    assert sorted(status.values()) == ["done", "done", "done", "failed"]
    assert len(rows.to_dataframe()) == 4
    joined = ep.collect(tmp_path / "out", table="detect_spikes")
    one = ep.detect_spikes(ep.read(folder / "r1.edf"), factor=4.5)
    mine = np.array([r.startswith("r1") for r in joined.recording_id])
    assert mine.sum() == len(one.sample) > 0 and np.array_equal(joined.sample[mine], one.sample)


def test_one_file_gives_its_row(ep, folder, tmp_path):
    row = ep.analyze_file(folder / "r0.edf", kind="surface")
    assert row["status"] == "done" and row["recording_id"].startswith("r0")
    kept = ep.analyze_file(folder / "r0.edf", out=tmp_path / "kept", kind="surface")
    assert kept["rms_uv"] == row["rms_uv"] and (tmp_path / "kept" / "report.html").exists()
    assert ep.analyze([folder / "r0.edf", folder / "r1.edf"], out=tmp_path / "two", kind="surface").status.tolist() == ["done", "done"]


def test_refusals(ep, folder, tmp_path):
    with pytest.raises(ep.InvalidArgument, match="factr"):
        ep.batch(folder, command="detect_spikes", out=tmp_path / "out", factr=4)
    with pytest.raises(ep.InvalidArgument, match="factor"):
        ep.batch(folder, command="detect_spikes", out=tmp_path / "out", factor=-1)
    with pytest.raises(ep.InvalidArgument, match="paths is empty"):
        ep.batch([], command="detect_spikes", out=tmp_path / "out")
    assert "missing" in ep.analyze_file(pathlib.Path(tmp_path / "missing"))["reason"]
    with pytest.raises(ep.Error):
        ep.collect(tmp_path / "nowhere", table="detect_spikes")
