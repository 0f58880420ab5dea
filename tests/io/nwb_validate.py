"""Native files in the hands of others: pynwb, nwbinspector, SpikeInterface, h5dump; and files of pynwb in ours.

Files come from `write_sample_nwb`, built beside the tests; a folder of further files may be given by EMG_NWB_FOLDER.
Run: pytest tests/io/nwb_validate.py
"""

import os
import pathlib
import subprocess
import sys
from datetime import datetime, timezone

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from program import ROOT, endplate_path, missing, tool_path  # noqa: E402

np = pytest.importorskip("numpy")
h5py = pytest.importorskip("h5py")
pynwb = pytest.importorskip("pynwb")


def make(folder):
    program = pathlib.Path(os.environ.get("EMG_NWB_WRITER", pathlib.Path(os.environ.get("EMG_BUILD", ROOT / "build")) / "tests" / "write_sample_nwb"))
    if not program.is_file():
        missing(f"not built: {program} (set EMG_NWB_WRITER or EMG_BUILD)")
    subprocess.run([str(program), str(folder)], check=True)


def made_by_the_program(folder):
    """Files of `simulate`, of a filter, of an operation with a table, and of `analyze`."""
    program = endplate_path()

    def run(*words):
        subprocess.run([str(program), *map(str, words)], check=True, stdout=subprocess.DEVNULL)
    for kind, options in (("surface", ["--duration-s", 5]), ("needle", ["--duration-s", 3]), ("rest", ["--duration-s", 30]), ("motor-ncs", [])):
        run("simulate", kind, *options, "--out", folder / f"{kind}.nwb")
    run("bandpass", folder / "surface.nwb", "-o", folder / "bandpass.nwb")
    run("welch", folder / "surface.nwb", "-o", folder / "welch.nwb")
    run("detect-spikes", folder / "needle.nwb", "-o", folder / "spikes.nwb")
    run("analyze", *(folder / f"{kind}.nwb" for kind in ("surface", "needle", "rest", "motor-ncs")), "--out", folder / "out")
    return sorted(folder.glob("*.nwb")) + sorted((folder / "out" / "recordings").glob("*.nwb"))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nwb")
    make(folder)
    found = sorted(folder.glob("*.nwb"))
    found += made_by_the_program(tmp_path_factory.mktemp("program"))
    further = os.environ.get("EMG_NWB_FOLDER")
    if further:
        found += sorted(pathlib.Path(further).glob("**/*.nwb"))
    assert len(found) >= 5
    return found


def errors_of(path, cached):
    if int(pynwb.__version__.split(".")[0]) < 3:
        found = pynwb.validate(paths=[str(path)], use_cached_namespaces=cached)
        return found[0] if isinstance(found, tuple) else found
    return pynwb.validate(path=str(path), use_cached_namespaces=cached)


@pytest.mark.parametrize("cached", [True, False])
def test_pynwb_finds_no_error(files, cached):
    for path in files:
        found = errors_of(path, cached)
        assert not found, f"{path.name}: {[str(e) for e in found]}"


def test_pynwb_reads_everything(files):
    with pynwb.NWBHDF5IO(str(files[0].parent / "counts.nwb"), "r", load_namespaces=True) as io:
        nwb = io.read()
        assert nwb.subject.age == "P45.5Y"
        series = nwb.acquisition["EMG"]
        assert series.rate == 2048 and series.data.shape == (9000, 20)
        electrodes = nwb.electrodes.to_dataframe()
        assert list(electrodes["channel_name"][:2]) == ["EMG 1", "EMG 2"]
        assert electrodes["status"].iloc[1] == "bad" and electrodes["rel_x"].iloc[1] == 8000
        units = nwb.units.to_dataframe()
        assert list(units.index) == [3, 7]
        np.testing.assert_allclose(units["spike_times"].iloc[0], np.array([10, 200, 399, 1000]) / 2048)
        provenance = nwb.processing["ecephys"]["provenance"].to_dataframe()
        assert list(provenance["key"]) == ["operation", "option.low_hz", "option.names"]


def test_nwbinspector_has_suggestions_at_most(files):
    inspector = pytest.importorskip("nwbinspector")
    for config in (None, inspector.load_config(filepath_or_keyword="dandi")):
        for path in files:
            for message in inspector.inspect_nwbfile(nwbfile_path=str(path), config=config):
                assert "SUGGESTION" in message.importance.name, f"{path.name}: {message.importance.name} {message.check_function_name} {message.message}"


def test_spikeinterface_opens_without_a_path(files):
    extractors = pytest.importorskip("spikeinterface.extractors")
    path = files[0].parent / "counts.nwb"
    recording = extractors.read_nwb_recording(str(path))
    assert recording.get_num_channels() == 20 and recording.get_sampling_frequency() == 2048
    with h5py.File(path, "r") as file:
        raw = file["acquisition/EMG/data"][:]
        conversion = file["acquisition/EMG/data"].attrs["conversion"]
    np.testing.assert_allclose(recording.get_traces(return_in_uV=True), raw * conversion * 1e6, rtol=1e-6)
    np.testing.assert_allclose(recording.get_channel_locations()[1], [8000, 0])
    sorting = extractors.read_nwb_sorting(str(path), electrical_series_path="acquisition/EMG")
    ids = sorting.get_unit_ids()
    assert list(sorting.get_unit_spike_train(unit_id=ids[0])) == [10, 200, 399, 1000]


def test_plain_hdf5(files):
    for path in files:
        with open(path, "rb") as file:
            head = file.read(9)
        assert head == b"\x89HDF\r\n\x1a\n\x00", "superblock 0"
        ids = []
        with h5py.File(path, "r") as file:
            ids.append(file.attrs["object_id"])
            file.visititems(lambda _, item: ids.append(item.attrs["object_id"]) if "object_id" in item.attrs else None)
        assert len(ids) == len(set(ids))
    with h5py.File(files[0].parent / "counts.nwb", "r") as file:
        data = file["acquisition/EMG/data"]
        assert data.dtype == np.int16 and data.chunks == (4096, 16) and data.shuffle and data.compression == "gzip"
        assert data.maxshape == (None, 20)
    with h5py.File(files[0].parent / "plain.nwb", "r") as file:
        assert file["acquisition/EMG/data"].compression is None and "specifications" not in file
    with h5py.File(files[0].parent / "scales.nwb", "r") as file:
        series = file["acquisition/EMG"]
        np.testing.assert_allclose(series["data"].attrs["conversion"] * series["channel_conversion"][:], [5e-7, 2.5e-7, 5e-7], rtol=1e-15)


def test_h5dump_lists(files):
    done = subprocess.run([tool_path("h5dump"), "-n", str(files[0])], capture_output=True, text=True, check=True)
    assert "/general/subject" in done.stdout


def test_two_runs_give_the_same_bytes(files, tmp_path):
    make(tmp_path)
    for path in files:
        if path.parent == files[0].parent:
            assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def foreign(path, **rate):
    """A file of pynwb: int16 with conversion, channel_conversion and offset, electrodes, units, intervals."""
    nwb = pynwb.NWBFile("made by pynwb", "id", datetime(2020, 1, 2, 3, 4, 5, tzinfo=timezone.utc))
    group = nwb.create_electrode_group("array", "a", "biceps", nwb.create_device("amplifier"))
    for i in range(3):
        nwb.add_electrode(location="biceps", group=group, rel_x=100.0 * i, rel_y=0.0)
    data = np.random.default_rng(1).integers(-3000, 3000, (4000, 3)).astype(np.int16)
    region = nwb.create_electrode_table_region([0, 1, 2], "all")
    scale = dict(conversion=1.95e-7, offset=1e-5, channel_conversion=[1.0, 1.5, 0.3])
    nwb.add_acquisition(pynwb.ecephys.ElectricalSeries("emg", data, region, **scale, **rate))
    nwb.add_trial(start_time=0.5, stop_time=1.0)
    nwb.add_unit(spike_times=[0.1, 0.2])
    with pynwb.NWBHDF5IO(str(path), "w") as io:
        io.write(nwb)
    return (data * 1.95e-7 * np.array([1.0, 1.5, 0.3]) + 1e-5).T * 1e6


@pytest.mark.parametrize("variant", ["rate", "timestamps"])
def test_files_of_pynwb_are_read(ep, tmp_path, variant):
    rate = {"rate": 2000.0} if variant == "rate" else {"timestamps": np.arange(4000) / 2000}
    expected = foreign(tmp_path / "a.nwb", **rate)
    recording = ep.read(tmp_path / "a.nwb")
    assert recording.rate_hz == 2000
    np.testing.assert_allclose(np.asarray(recording.data), expected, rtol=4.5e-16, atol=1e-12 * np.abs(expected).max())
