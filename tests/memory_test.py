"""Memory of a file-to-file command does not grow with the length of the record: 30 minutes of 64 channels against 1 minute.

Writes about 700 MB of scratch files, so it runs only with EMG_TEST_LARGE set (as in continuous integration).
"""

import os
import subprocess
import sys

import pytest

CHANNELS = 64
RATE_HZ = 1000
MOST_EXTRA_MB = 64


def write_edf(path, seconds):
    """A plain EDF file of 16-bit noise: one data record a second."""
    import numpy
    draw = numpy.random.default_rng(1)
    field = lambda text, width: str(text).ljust(width).encode("ascii")
    columns = [(16, lambda c: f"EMG{c + 1}"), (80, lambda c: ""), (8, lambda c: "uV"), (8, lambda c: "-3276.8"), (8, lambda c: "3276.7"),
               (8, lambda c: "-32768"), (8, lambda c: "32767"), (80, lambda c: ""), (8, lambda c: RATE_HZ), (32, lambda c: "")]
    with open(path, "wb") as file:
        file.write(field("0", 8) + field("X", 80) + field("X", 80) + b"01.01.2601.01.01" + field(256 * (CHANNELS + 1), 8) + field("", 44)
                   + field(seconds, 8) + field(1, 8) + field(CHANNELS, 4))
        for width, text in columns:
            file.write(b"".join(field(text(c), width) for c in range(CHANNELS)))
        minute = draw.normal(0, 2000, (60, CHANNELS, RATE_HZ)).astype("<i2")
        for first in range(0, seconds, 60):
            file.write(minute[: min(60, seconds - first)].tobytes())


# A child counts the memory of the process that started it, up to its exec: so a small process starts it, not this one.
LAUNCHER = """
import os, sys
child = os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def peak_mb(command):
    done = subprocess.run([sys.executable, "-S", "-c", LAUNCHER, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout) / 1024


@pytest.mark.parametrize("extension", ["nwb", "edf"])
def test_bandpass_of_half_an_hour(endplate, tmp_path, extension):
    if not os.environ.get("EMG_TEST_LARGE"):
        pytest.skip("EMG_TEST_LARGE is not set")
    peaks = {}
    for minutes in (1, 30):
        source, target = tmp_path / f"{minutes}.edf", tmp_path / f"{minutes}_out.{extension}"
        write_edf(source, 60 * minutes)
        peaks[minutes] = peak_mb([str(endplate.path), "bandpass", str(source), "-o", str(target), "--fast"])
        assert target.stat().st_size > 0.9 * source.stat().st_size
        source.unlink()
        target.unlink()
    print(f"peak memory of endplate bandpass to .{extension}: {peaks[1]:.1f} MB for 1 min, {peaks[30]:.1f} MB for 30 min")
    assert peaks[30] - peaks[1] <= MOST_EXTRA_MB


@pytest.mark.parametrize("command", [["noise-level"], ["noise-level", "--method", "mad"], ["detect-spikes"], ["detect-spikes", "--noise", "mad"],
                                     ["line"], ["artefacts"], ["onsets"], ["onsets", "--method", "hodges_bui"], ["onsets", "--method", "teager"]])
def test_rows_of_half_an_hour(endplate, tmp_path, command):
    if not os.environ.get("EMG_TEST_LARGE"):
        pytest.skip("EMG_TEST_LARGE is not set")
    peaks = {}
    for minutes in (1, 30):
        source, target = tmp_path / f"{minutes}.edf", tmp_path / f"{minutes}_out.tsv"
        write_edf(source, 60 * minutes)
        peaks[minutes] = peak_mb([str(endplate.path), *command, str(source), "-o", str(target)])
        assert target.stat().st_size > 0
        source.unlink()
    print(f"peak memory of endplate {' '.join(command)}: {peaks[1]:.1f} MB for 1 min, {peaks[30]:.1f} MB for 30 min")
    assert peaks[30] - peaks[1] <= MOST_EXTRA_MB
