"""Files through Python: the same samples back, blocks, tables, foreign readers."""

import hashlib
import pathlib
import pickle

import numpy as np
import pytest


@pytest.mark.parametrize("extension, tolerance", [(".nwb", 0.0), (".csv", 1e-9), (".edf", 0.01)])
def test_round_trip(ep, rec, tmp_path, extension, tolerance):
    path = tmp_path / f"a{extension}"
    options = {"dtype": "float64"} if extension == ".nwb" else {}
    ep.write(rec, path, **options)
    again = ep.read(path)
    assert np.max(np.abs(again.data[:, :4000] - rec.data)) <= tolerance
    assert again.channel_names == rec.channel_names and again.rate_hz == rec.rate_hz


def test_provenance_names_the_file_that_was_read(ep, rec, tmp_path):
    path = tmp_path / "a.edf"
    ep.write(rec, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    again = ep.read(path)
    for source in (again, again.select(["A"]), ep.rectify(ep.read(path)), pickle.loads(pickle.dumps(ep.read(path)))):
        assert [(p.run, p.key, p.value) for p in source.provenance][:2] == [(0, "input_name", "a.edf"), (0, "input_sha256", digest)]
    assert max(p.run for p in ep.rectify(again).provenance) == 1


def test_a_file_that_changed_after_reading_gets_no_wrong_sum(ep, rec, tmp_path):
    path = tmp_path / "a.edf"
    ep.write(rec, path)
    changed, removed = ep.read(path), ep.read(path)
    with open(path, "ab") as file:
        file.write(b"more")
    assert {p.key: p.value for p in changed.provenance}["input_sha256"].startswith("unknown")
    path.unlink()
    ep.write(removed, tmp_path / "b.nwb")
    assert {p.key: p.value for p in removed.provenance}["input_sha256"].startswith("unknown")


def test_window_and_channels(ep, rec, tmp_path):
    ep.write(rec, tmp_path / "a.nwb", dtype="float64")
    part = ep.read(str(tmp_path / "a.nwb"), start_s=0.5, stop_s=1.0, channels=["C", "A"])
    assert set(part.channel_names) == {"A", "C"} and part.sample_count == 1000
    assert np.array_equal(part.select(["A"]).data[0], rec.data[0, 1000:2000])
    with pytest.raises(TypeError, match="channels must be text"):
        ep.read(tmp_path / "a.nwb", channels=[1])


def test_blocks_join_to_the_whole(ep, rec, tmp_path):
    ep.write(rec, tmp_path / "a.nwb", dtype="float64")
    with ep.open(tmp_path / "a.nwb") as f:
        assert f.format == "nwb" and f.streams[0].sample_count == 4000 and f.sample_count == 4000
        blocks = list(f.blocks(seconds=0.3))
        assert f.read().shape == (4, 4000)
    assert [b.sample_count for b in blocks] == [600] * 6 + [400] and blocks[1].start_s == 0.3
    assert np.array_equal(np.concatenate([b.data for b in blocks], axis=1), rec.data)
    with pytest.raises(ep.InvalidArgument, match="closed"):
        f.streams


def test_same_input_same_bytes(ep, rec, tmp_path):
    for name in ("a.nwb", "b.nwb"):
        ep.write(ep.bandpass(rec), tmp_path / name, created="2020-01-01T00:00:00+00:00")
    assert (tmp_path / "a.nwb").read_bytes() == (tmp_path / "b.nwb").read_bytes()


def test_results_in_files(ep, rec, tmp_path):
    events, spectrum = ep.detect_spikes(rec, factor=3.0), ep.welch(rec)
    ep.write(events, tmp_path / "e.tsv")
    table = ep.read_table(tmp_path / "e.tsv")
    assert np.array_equal(table.sample, events.sample) and np.array_equal(table.amplitude_uv, events.amplitude_uv)
    ep.write(spectrum, tmp_path / "s.csv")
    assert np.array_equal(ep.read_table(tmp_path / "s.csv")["density_uv2_per_hz"], spectrum.density_uv2_per_hz.ravel())
    for name, result in (("e.nwb", events), ("s.nwb", spectrum)):
        result.to_nwb(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 0
    with pytest.raises(TypeError, match="takes a Recording or a result"):
        ep.write(rec.data, tmp_path / "x.nwb")


def test_h5py_reads_what_was_written(ep, rec, tmp_path, needed):
    h5py = needed("h5py")
    ep.write(rec, tmp_path / "a.nwb", dtype="float64")
    with h5py.File(tmp_path / "a.nwb") as f:
        stored = f["acquisition/EMG/data"]
        assert stored.shape in ((4000, 4), (4, 4000)) and stored.attrs["unit"] in ("volts", b"volts")
        scaled = stored[()] * stored.attrs["conversion"]
    scaled = scaled.T if scaled.shape == (4000, 4) else scaled
    assert np.allclose(scaled * 1e6, rec.data, rtol=1e-12, atol=1e-12)


def test_truth_is_kept_in_the_file(ep, tmp_path):
    rec = ep.simulate("surface", duration_s=2, seed=1)
    ep.write(rec, tmp_path / "a.nwb")
    assert pathlib.Path(tmp_path / "a.nwb").stat().st_size > 0
    stored = ep.read(tmp_path / "a.nwb").truth
    assert len(stored.tables["truth_units"]) == len(rec.truth.tables["truth_units"])
    fired = [u for u in rec.truth.units if len(u.sample)]
    assert [list(u.sample) for u in stored.units if len(u.sample)] == [list(u.sample) for u in fired]


def test_sweeps_in_a_file(ep, tmp_path):
    sweeps = ep.simulate("motor-ncs", seed=1)
    sweeps.to_nwb(tmp_path / "a.nwb")
    with ep.open(tmp_path / "a.nwb") as f:
        stored = f.sweeps
    assert stored.data.shape == sweeps.data.shape and stored.zero_sample == sweeps.zero_sample
    assert np.allclose(stored.data, sweeps.data, rtol=1e-6, atol=1e-3) and list(stored.metadata.site) == list(sweeps.metadata.site)
    with pytest.raises(ep.InvalidArgument, match="sweeps are written as .nwb"):
        ep.write(sweeps, tmp_path / "a.csv")


def test_no_part_file_is_left(ep, rec, tmp_path):
    with pytest.raises(ep.Error):
        ep.write(rec, tmp_path / "a.unknown")
    with pytest.raises(ep.Error):
        ep.write(rec, tmp_path / "missing" / "a.nwb")
    assert list(tmp_path.iterdir()) == []


def test_scan_gives_reasons(ep, rec, tmp_path):
    ep.write(rec, tmp_path / "a.nwb")
    (tmp_path / "note.txt").write_text("hello")
    found = {pathlib.Path(f.path).name: f for f in ep.scan(tmp_path)}
    assert found["a.nwb"].outcome == "recording" and found["a.nwb"].format == "nwb"
    assert found["note.txt"].outcome == "skipped" and found["note.txt"].reason
