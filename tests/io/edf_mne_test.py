"""Every EDF and BDF file of the shared data, read by the command line and by pyedflib and MNE: equal samples.

Needs numpy, pyedflib and mne; ENDPLATE names the program, EMG_SHARED_DATA the folder.
"""

import os
import pathlib
import subprocess

import pytest

np = pytest.importorskip("numpy")
pyedflib = pytest.importorskip("pyedflib")
mne = pytest.importorskip("mne")

ROOT = pathlib.Path(__file__).resolve().parents[2]
ENDPLATE = os.environ.get("ENDPLATE", str(ROOT / "build" / "tools" / "endplate"))
DATA = pathlib.Path(os.environ.get("EMG_SHARED_DATA") or ROOT.parent / "shared" / "data")
FILES = sorted(DATA.glob("**/*.[eb]df")) if DATA.is_dir() else []
MICROVOLTS = {"V": 1e6, "mV": 1e3, "uV": 1.0}
# Shifted headers: refused by every reader.
BROKEN = "emg_Multimodal"
# No signal at all.
ANNOTATIONS_ONLY = "Hypnogram"
# A channel of 8 characters in the text has rounding of its own; samples are compared relative to the largest.
TOLERANCE = 1e-14


@pytest.fixture(autouse=True)
def _has_data():
    if FILES and pathlib.Path(ENDPLATE).exists():
        return
    message = f"the shared data or the program are missing: {DATA}, {ENDPLATE}"
    pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)


def run(*arguments):
    return subprocess.run([ENDPLATE, *map(str, arguments)], capture_output=True, text=True, check=False)


def streams_of(path):
    """Rates of a file in the order of their first signal."""
    with pyedflib.EdfReader(str(path)) as reader:
        rates = [reader.getSampleFrequency(i) for i in range(reader.signals_in_file)]
    return list(dict.fromkeys(rates))


def expected(path):
    """Name -> samples in microvolts (voltages) or the unit of the file."""
    with pyedflib.EdfReader(str(path)) as reader:
        return [
            (reader.getLabel(i).strip(), reader.readSignal(i) * MICROVOLTS.get(reader.getPhysicalDimension(i).strip(), 1.0))
            for i in range(reader.signals_in_file)
        ]


def converted(path, tmp_path):
    """Name -> samples of every stream, through `endplate convert`."""
    samples = {}
    for stream in range(1, 10):
        out = tmp_path / f"{stream}.tsv"
        done = run("convert", path, out, "--stream", stream, "--channels", "*")
        if done.returncode != 0:
            assert samples, done.stderr
            break
        with open(out, encoding="utf-8") as text:
            names = [name.rsplit(" [", 1)[0] for name in text.readline().rstrip("\n").split("\t")]
            table = np.loadtxt(text, delimiter="\t", ndmin=2)
        samples.update({name: table[:, i] for i, name in enumerate(names) if i > 0})
    return samples


@pytest.mark.parametrize("path", FILES, ids=[str(f.relative_to(DATA)) for f in FILES])
def test_samples_equal_pyedflib(path, tmp_path):
    if BROKEN in str(path):
        done = run("inspect", path)
        assert done.returncode == 4
        assert "byte 252" in done.stderr
        return
    if ANNOTATIONS_ONLY in path.name:
        assert run("inspect", path).returncode == 0
        return
    try:
        reference = expected(path)
    except OSError as error:
        pytest.skip(f"pyedflib does not open it: {error}")
    ours = converted(path, tmp_path)
    for name, samples in reference:
        if name.endswith("Annotations"):  # a legacy file: no signal
            continue
        scale = max(np.max(np.abs(samples)), 1e-300)
        assert ours[name].shape == samples.shape
        assert np.max(np.abs(ours[name] - samples)) / scale <= TOLERANCE, name


@pytest.mark.parametrize("path", FILES, ids=[str(f.relative_to(DATA)) for f in FILES])
def test_samples_equal_mne(path, tmp_path):
    if BROKEN in str(path) or ANNOTATIONS_ONLY in path.name or len(streams_of(path)) > 1:
        pytest.skip("not read by MNE, or resampled by it")
    read = mne.io.read_raw_edf if path.suffix == ".edf" else mne.io.read_raw_bdf
    raw = read(path, preload=True, verbose="ERROR", stim_channel=None)
    ours = converted(path, tmp_path)
    for name, samples in zip(raw.ch_names, raw.get_data() * 1e6, strict=True):
        if name in ours and raw.get_channel_types(picks=[name]) == ["eeg"]:
            scale = max(np.max(np.abs(samples)), 1e-300)
            assert np.max(np.abs(ours[name] - samples)) / scale <= 10 * TOLERANCE, name
