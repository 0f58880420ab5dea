#!/usr/bin/env python3
"""Times an operation beside its peer, alternating in one process, and prints the ratio with its spread.

    PYTHONPATH=build/python python bench/compare.py [NAME ...] [--reps 5] [--channels 64] [--seconds 60] [--rate-hz 2048] [--threads 1]

One line per operation: CPU milliseconds of the peer and of endplate (median), the ratio of each pair as median, smallest and largest, the largest
relative difference of the results, and the peak memory above the input of either. CPU time, because other work on the machine moves wall time; only
ratios travel between machines. Needs NumPy and the peers (SciPy, MNE, h5py).
"""
import argparse
import os
import resource
import statistics
import sys
import tempfile
import time

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402

SHORTEST_S = 0.02


def load(channels, seconds, rate_hz):
    """Noise of slowly varying amplitude: a load for timing, nothing else."""
    random = np.random.default_rng(1)
    count = int(seconds * rate_hz)
    envelope = 1 + 0.8 * np.sin(2 * np.pi * 0.2 * np.arange(count) / rate_hz)
    return 50 * envelope * random.standard_normal((channels, count))


def difference(reference, ours):
    reference, ours = np.asarray(reference), np.asarray(ours)
    if reference.shape != ours.shape:
        return float("nan")
    return float(np.max(np.abs(reference - ours)) / max(np.max(np.abs(reference)), 1e-300))


def bandpass(ep, x, rate_hz, threads, _):
    from scipy import signal
    sos = signal.butter(4, [20, 0.22 * rate_hz], "bandpass", fs=rate_hz, output="sos")
    return (lambda: signal.sosfiltfilt(sos, x),
            lambda: ep.bandpass(x, rate_hz=rate_hz, low_hz=20, high_hz=0.22 * rate_hz, order=4, threads=threads), lambda r: r)


def notch(ep, x, rate_hz, threads, _):
    from scipy import signal
    sos = np.array([np.concatenate(signal.iirnotch(50.0 * k, 30, rate_hz)) for k in range(1, 11)])
    return (lambda: signal.sosfiltfilt(sos, x, padlen=63),
            lambda: ep.notch(x, rate_hz=rate_hz, line_hz=50, harmonic_count=10, quality=30, threads=threads), lambda r: r)


def resample(ep, x, rate_hz, threads, _):
    from scipy import signal
    return (lambda: signal.resample_poly(x, 125, 256, axis=-1),
            lambda: ep.resample(x, rate_hz=rate_hz, target_hz=rate_hz * 125 / 256, threads=threads), lambda r: r)


def welch(ep, x, rate_hz, threads, _):
    from scipy import signal
    return (lambda: signal.welch(x, rate_hz, "hann", nperseg=rate_hz, noverlap=rate_hz // 2)[1],
            lambda: ep.welch(x, rate_hz=rate_hz, segment_s=1.0, overlap=0.5, threads=threads), lambda r: r.density_uv2_per_hz)


def envelope(ep, x, rate_hz, threads, _):
    from scipy import ndimage
    w = rate_hz // 10
    return (lambda: np.sqrt(ndimage.uniform_filter1d(x * x, w, axis=-1)[:, w:-w]),
            lambda: ep.envelope(x, rate_hz=rate_hz, method="rms", window_ms=1e3 * w / rate_hz, threads=threads), lambda r: r[:, w:-w])


def frequency_track(ep, x, rate_hz, threads, _):
    from scipy import signal
    window = rate_hz // 4

    def peer():
        f, _, s = signal.spectrogram(x, rate_hz, "hann", nperseg=window, noverlap=window - window // 4)
        f, s = f[1:], s[:, 1:]
        return (s * f[None, :, None]).sum(1) / s.sum(1)
    return (peer, lambda: ep.frequency_track(x, rate_hz=rate_hz, window_ms=1e3 * window / rate_hz, hop_ms=1e3 * (window // 4) / rate_hz, low_hz=0,
                                             high_hz=rate_hz / 2, interpolate=False, threads=threads), lambda r: r.mnf_hz)


def edf(ep, x, rate_hz, threads, folder):
    import mne
    path = os.path.join(folder, "load.edf")
    ep.write(ep.from_numpy(x, rate_hz=rate_hz, units="uV"), path)
    return (lambda: mne.io.read_raw_edf(path, preload=True, verbose="error").get_data() * 1e6, lambda: ep.read(path), lambda r: r.data)


def nwb(ep, x, rate_hz, threads, folder):
    import h5py
    path = os.path.join(folder, "load.nwb")
    ep.write(ep.from_numpy(x, rate_hz=rate_hz, units="uV"), path)

    def peer():
        with h5py.File(path) as file:
            data = file["acquisition/EMG/data"]
            return np.ascontiguousarray(data[()].T.astype("float64")) * (1e6 * data.attrs["conversion"])
    return peer, lambda: ep.read(path), lambda r: r.data


OPERATIONS = {f.__name__: f for f in (bandpass, notch, resample, welch, envelope, frequency_track, edf, nwb)}


def cpu_time(call, times):
    begin = time.process_time()
    for _ in range(times):
        result = call()
    return (time.process_time() - begin) / times, result


def repeats(call):
    begin = time.perf_counter()
    call()
    return max(1, int(SHORTEST_S / max(time.perf_counter() - begin, 1e-6)))


def peak_above(call):
    """Growth of the high-water mark in a child process, in megabytes."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        call()
        os.write(write_end, str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before).encode())
        os._exit(0)
    os.close(write_end)
    os.waitpid(child, 0)
    text = os.read(read_end, 64)
    os.close(read_end)
    return int(text) / 1024 if text else float("nan")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(OPERATIONS)}; default: all")
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--channels", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate-hz", type=int, default=2048)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    unknown = [n for n in options.names if n not in OPERATIONS]
    if unknown:
        parser.error(f"unknown operation {unknown[0]}; one of {', '.join(OPERATIONS)}")
    import endplate as ep
    x = load(options.channels, options.seconds, options.rate_hz)
    print(f"{options.channels} channels x {options.seconds:g} s x {options.rate_hz} Hz, {options.threads} thread(s), {options.reps} pairs")
    print(f"{'operation':16} {'peer ms':>9} {'ours ms':>9} {'ratio':>7} {'min':>7} {'max':>7} {'difference':>11} {'peer MB':>8} {'ours MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.names or OPERATIONS:
            peer, ours, values = OPERATIONS[name](ep, x, options.rate_hz, options.threads, folder)
            counts = repeats(peer), repeats(ours)
            pairs = []
            for i in range(options.reps):
                order = (0, 1) if i % 2 == 0 else (1, 0)
                pair = {}
                for who in order:
                    pair[who], result = cpu_time((peer, ours)[who], counts[who])
                    if who == 0:
                        reference = result
                    else:
                        mine = values(result)
                pairs.append((pair[0], pair[1]))
            ratios = [a / b for a, b in pairs]
            print(f"{name:16} {1e3 * statistics.median(a for a, _ in pairs):9.1f} {1e3 * statistics.median(b for _, b in pairs):9.1f} "
                  f"{statistics.median(ratios):7.2f} {min(ratios):7.2f} {max(ratios):7.2f} {difference(reference, mine):11.1e} "
                  f"{peak_above(peer):8.0f} {peak_above(ours):8.0f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
