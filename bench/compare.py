#!/usr/bin/env python3
"""Times every operation beside its peer, or beside another build of endplate, alternating in a pair of processes.

    PYTHONPATH=build/python python bench/compare.py                     # the whole table: 64 channels x 60 s x 2048 Hz, one thread
    ... bench/compare.py --short                                        # one channel of 1000 samples: the cost of a call
    ... bench/compare.py --law                                          # CPU of 4 times the channels, and of 4 times the samples
    ... bench/compare.py --threads 2                                    # CPU of two threads beside one
    ... bench/compare.py --base OTHER/build/python [NAME ...]           # head beside base

One line per operation: CPU milliseconds of the peer and of endplate (median), the ratio of each pair as median, smallest and largest, the
largest difference of the results relative to the largest value, and the peak memory above the input of either. CPU time, because other work
on the machine moves wall time; only ratios travel between machines. Needs NumPy and the peers (SciPy, MNE, h5py).
"""
import argparse
import ctypes
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
import types

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402

SHORTEST_S = 0.02
OPERATIONS = {}


def operation(make):
    """Registers a function of the input that gives: the call of endplate, what to compare of its result, the peer's call, what to compare."""
    OPERATIONS[make.__name__] = make
    return make


def same(result):
    return result


def noise(channels, samples, rate_hz):
    """Noise of slowly varying amplitude: a load for timing, nothing else."""
    random = np.random.default_rng(1)
    envelope = 1 + 0.8 * np.sin(2 * np.pi * 0.2 * np.arange(samples) / rate_hz)
    return 50 * envelope * random.standard_normal((channels, samples))


def potentials(samples, rate_hz):
    """Biphasic potentials in noise, as a needle sees them."""
    random = np.random.default_rng(2)
    x = 8 * random.standard_normal(samples)
    t = np.arange(-int(0.003 * rate_hz), int(0.003 * rate_hz)) / rate_hz / 0.4e-3
    shape = -300 * t * np.exp(-0.5 * t * t)
    at = int(0.005 * rate_hz)
    while at + len(shape) < samples:
        x[at:at + len(shape)] += shape * random.uniform(0.5, 1.5)
        at += int(rate_hz * random.uniform(0.01, 0.03))
    return x


@operation
def bandpass(i):
    high_hz = 0.22 * i.rate_hz

    def peer():
        from scipy import signal
        sos = signal.butter(4, [20, high_hz], "bandpass", fs=i.rate_hz, output="sos")
        return lambda: signal.sosfiltfilt(sos, i.x)
    return lambda ep: ep.bandpass(i.x, rate_hz=i.rate_hz, low_hz=20, high_hz=high_hz, order=4, threads=i.threads), same, peer, same


@operation
def notch(i):
    def peer():
        from scipy import signal
        sos = np.array([np.concatenate(signal.iirnotch(50.0 * k, 30, i.rate_hz)) for k in range(1, 11)])
        return lambda: signal.sosfiltfilt(sos, i.x, padlen=63)
    return (lambda ep: ep.notch(i.x, rate_hz=i.rate_hz, line_hz=50, harmonic_count=10, quality=30, threads=i.threads)), same, peer, same


@operation
def fir(i):
    def peer():
        from scipy import signal
        taps = signal.firwin(401, [20, 0.22 * i.rate_hz], pass_zero=False, fs=i.rate_hz)
        return lambda: signal.oaconvolve(i.x, taps[None], mode="same", axes=-1)
    return (lambda ep: ep.fir(i.x, rate_hz=i.rate_hz, low_hz=20, high_hz=0.22 * i.rate_hz, tap_count=401, threads=i.threads)), None, peer, None


@operation
def resample(i):
    def peer():
        from scipy import signal
        return lambda: signal.resample_poly(i.x, 125, 256, axis=-1)
    return lambda ep: ep.resample(i.x, rate_hz=i.rate_hz, target_hz=i.rate_hz * 125 / 256, threads=i.threads), same, peer, same


@operation
def hilbert(i):
    def peer():
        from scipy import signal
        return lambda: np.abs(signal.hilbert(i.x, axis=-1))
    return lambda ep: ep.envelope(i.x, rate_hz=i.rate_hz, method="hilbert", threads=i.threads), None, peer, None


@operation
def moving_rms(i):
    w = i.rate_hz // 10

    def peer():
        from scipy import ndimage
        return lambda: np.sqrt(ndimage.uniform_filter1d(i.x * i.x, w, axis=-1))
    return (lambda ep: ep.envelope(i.x, rate_hz=i.rate_hz, method="rms", window_ms=1e3 * w / i.rate_hz, threads=i.threads), lambda r: r[:, w:-w],
            peer, lambda r: r[:, w:-w])


@operation
def welch(i):
    segment = min(i.rate_hz, i.x.shape[1])

    def peer():
        from scipy import signal
        return lambda: signal.welch(i.x, i.rate_hz, "hann", nperseg=segment, noverlap=segment // 2)[1]
    return (lambda ep: ep.welch(i.x, rate_hz=i.rate_hz, segment_s=segment / i.rate_hz, overlap=0.5, threads=i.threads),
            lambda r: r.density_uv2_per_hz, peer, same)


@operation
def multitaper(i):
    segment = min(i.rate_hz, i.x.shape[1])

    def peer():
        from scipy.signal.windows import dpss
        tapers = dpss(segment, 4, 7)

        def estimate():
            parts = i.x[:, :i.x.shape[1] // segment * segment].reshape(len(i.x), -1, segment)
            parts = parts - parts.mean(-1, keepdims=True)
            return sum((np.abs(np.fft.rfft(parts * w, axis=-1)) ** 2).mean(1) for w in tapers) * 2 / 7 / i.rate_hz
        return estimate
    return (lambda ep: ep.multitaper(i.x, rate_hz=i.rate_hz, segment_s=segment / i.rate_hz, overlap=0.0, time_bandwidth=4, taper_count=7,
                                     threads=i.threads), lambda r: r.density_uv2_per_hz[:, 1:-1], peer, lambda r: r[:, 1:-1])


@operation
def frequency_track(i):
    window = i.rate_hz // 4

    def peer():
        from scipy import signal

        def track():
            f, _, s = signal.spectrogram(i.x, i.rate_hz, "hann", nperseg=window, noverlap=window - window // 4)
            f, s = f[1:], s[:, 1:]
            return (s * f[None, :, None]).sum(1) / s.sum(1)
        return track
    return (lambda ep: ep.frequency_track(i.x, rate_hz=i.rate_hz, window_ms=1e3 * window / i.rate_hz, hop_ms=1e3 * (window // 4) / i.rate_hz,
                                          low_hz=0, high_hz=i.rate_hz / 2, interpolate=False, threads=i.threads), lambda r: r.mnf_hz, peer, same)


@operation
def window_features(i):
    window, hop = i.rate_hz // 4, i.rate_hz // 16

    def peer():
        from numpy.lib.stride_tricks import sliding_window_view

        def compute():
            w = sliding_window_view(i.x, window, axis=-1)[:, ::hop]
            d = np.diff(w, axis=-1)
            return [np.sqrt((w * w).mean(-1)), np.abs(w).mean(-1), np.abs(d).sum(-1),
                    ((w[..., 1:] * w[..., :-1] < 0) & (np.abs(d) > 5)).sum(-1),
                    ((d[..., 1:] * d[..., :-1] < 0) & (np.maximum(np.abs(d[..., 1:]), np.abs(d[..., :-1])) > 5)).sum(-1)]
        return compute
    return (lambda ep: ep.window_features(i.x, rate_hz=i.rate_hz, window_ms=1e3 * window / i.rate_hz, hop_ms=1e3 * hop / i.rate_hz,
                                          features=["rms", "mav", "wl", "zc", "ssc"], threshold_uv=5.0, threads=i.threads),
            lambda r: r.rms_uv, peer, lambda r: r[0])


@operation
def coherence_matrix(i):
    segment = min(i.rate_hz, i.x.shape[1])

    def peer():
        def matrix():
            starts = range(0, i.x.shape[1] - segment + 1, segment // 2)
            window = np.hanning(segment + 1)[:-1]
            parts = np.stack([i.x[:, k:k + segment] for k in starts])
            f = np.fft.rfft((parts - parts.mean(-1, keepdims=True)) * window, axis=-1).transpose(2, 1, 0)
            s = f @ f.conj().transpose(0, 2, 1)
            power = np.einsum("fii->fi", s).real
            return np.abs(s) ** 2 / (power[:, :, None] * power[:, None, :])
        return matrix
    return (lambda ep: ep.coherence_matrix(i.x, rate_hz=i.rate_hz, segment_s=segment / i.rate_hz, overlap=0.5, threads=i.threads)), None, peer, None


@operation
def onsets(i):
    width, rest = i.rate_hz // 20, min(i.rate_hz, i.x.shape[1])

    def peer():
        from scipy import ndimage

        def detect():
            y = np.abs(i.x[:, 1:-1] ** 2 - i.x[:, :-2] * i.x[:, 2:])
            y = ndimage.uniform_filter1d(y, width, axis=-1)
            active = y > (y[:, :rest].mean(1) + 3 * y[:, :rest].std(1))[:, None]
            d = np.diff(active.astype(np.int8), axis=1)
            return [(np.flatnonzero(r == 1), np.flatnonzero(r == -1)) for r in d]
        return detect
    return (lambda ep: ep.onsets(i.x, rate_hz=i.rate_hz, method="teager", factor=3.0, prefilter=False, smoothing="mean",
                                 smooth_ms=1e3 * width / i.rate_hz, baseline="span", baseline_stop_s=rest / i.rate_hz, hold_ms=0, gap_ms=0,
                                 correct_delay=False, threads=i.threads), None, peer, None)


@operation
def noise_level(i):
    def peer():
        return lambda: np.median(np.abs(i.needle)) / 0.6744897501960817
    return lambda ep: ep.noise_level(i.needle, rate_hz=48000, method="mad", threads=i.threads), lambda r: r.noise_uv[0], peer, same


@operation
def detect_spikes(i):
    def peer():
        def detect():
            a = np.abs(i.needle)
            level = 5 * np.median(a) / 0.6745
            c = np.flatnonzero((a[1:] >= level) & (a[:-1] < level)) + 1
            c = c[np.r_[True, np.diff(c) > 96]]
            c = c[(c > 96) & (c < len(a) - 192)]
            c = c + np.array([np.argmax(a[k:k + 48]) for k in c], dtype=int)
            return i.needle[c[:, None] + np.arange(-48, 96)[None]]
        return detect
    return (lambda ep: ep.detect_spikes(i.needle, rate_hz=48000, noise="mad", before_ms=1, after_ms=2, threads=i.threads)), None, peer, None


@operation
def edf(i):
    path = os.path.join(i.folder, "load.edf")

    def peer():
        import mne
        return lambda: mne.io.read_raw_edf(path, preload=True, verbose="error").get_data() * 1e6
    return lambda ep: ep.read(path), lambda r: r.data, peer, same


@operation
def nwb(i):
    path = os.path.join(i.folder, "load.nwb")

    def peer():
        import h5py

        def read():
            with h5py.File(path) as file:
                data = file["acquisition/EMG/data"]
                return np.ascontiguousarray(data[()].T.astype("float64")) * (1e6 * data.attrs["conversion"])
        return read
    return lambda ep: ep.read(path), lambda r: r.data, peer, same


def make_input(options, folder):
    samples = 1000 if options.short else int(options.seconds * options.rate_hz)
    channels = 1 if options.short else options.channels
    i = types.SimpleNamespace(x=noise(channels, samples, options.rate_hz), rate_hz=options.rate_hz, threads=options.threads, folder=folder)
    i.needle = potentials(1000 if options.short else int(options.seconds * 48000), 48000)
    return i


class Side:
    """One contestant, in a process of its own."""

    def __init__(self, options, folder, product):
        self.input, self.product = make_input(options, folder), product
        if product is not None:
            if product:
                sys.path.insert(0, product)
            import endplate
            self.endplate = endplate
        self.call = self.values = None

    def prepare(self, name):
        ours, our_values, peer, peer_values = OPERATIONS[name](self.input)
        if self.product is None:
            self.call, self.values = peer(), peer_values
            self.call()
            return None
        self.values = our_values
        self.call = lambda: ours(self.endplate)
        try:
            self.call()
        except AttributeError as error:
            return f"missing: {error}"
        return None

    def write(self, names):
        """The files that reading is timed on."""
        recording = self.endplate.from_numpy(self.input.x, rate_hz=self.input.rate_hz, units="uV")
        for name in set(names) & {"edf", "nwb"}:
            self.endplate.write(recording, os.path.join(self.input.folder, f"load.{name}"))

    def timed(self, count):
        begin = time.process_time()
        for _ in range(count):
            self.call()
        return (time.process_time() - begin) / count

    def repeats(self):
        return max(1, int(SHORTEST_S / max(self.timed(1), 1e-6)))

    def peak_mb(self):
        """Growth of the high-water mark during one call, freed memory given back before."""
        ctypes.CDLL(None).malloc_trim(0)
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        before = self.resident_mb("VmRSS")
        self.call()
        return max(0.0, self.resident_mb("VmHWM") - before)

    @staticmethod
    def resident_mb(key):
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) / 1024 for line in file if line.startswith(key))

    def result(self):
        return None if self.values is None else np.asarray(self.values(self.call()))


def serve(pipe, options, folder, product):
    side = Side(options, folder, product)
    while True:
        request = pipe.recv()
        if request is None:
            return
        try:
            pipe.send((getattr(side, request[0])(*request[1:]), None))
        except Exception as error:  # handed to the other process, which prints it
            pipe.send((None, f"{type(error).__name__}: {error}"))


class Remote:
    def __init__(self, options, folder, product):
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=serve, args=(other, options, folder, product), daemon=True)
        self.process.start()

    def __call__(self, *request):
        self.pipe.send(request)
        value, error = self.pipe.recv()
        if error:
            raise RuntimeError(error)
        return value

    def close(self):
        self.pipe.send(None)
        self.process.join()


def difference(reference, ours):
    if reference is None or ours is None:
        return ""
    if reference.shape != ours.shape:
        return "shape"
    return f"{np.max(np.abs(reference - ours)) / max(np.max(np.abs(reference)), 1e-300):.1e}"


def compare(first, second, name, reps):
    """One line of the table: ratios of `first` to `second`."""
    for side in (first, second):
        problem = side("prepare", name)
        if problem:
            return f"{name:17} {problem}"
    counts = first("repeats"), second("repeats")
    pairs = []
    for k in range(reps):
        pair = {}
        for who in (0, 1) if k % 2 == 0 else (1, 0):
            pair[who] = (first, second)[who]("timed", counts[who])
        pairs.append((pair[0], pair[1]))
    ratios = [a / b for a, b in pairs]
    theirs, ours = (1e3 * statistics.median(p[k] for p in pairs) for k in (0, 1))
    return (f"{name:17} {theirs:10.4g} {ours:10.4g} {statistics.median(ratios):7.2f} {min(ratios):7.2f} {max(ratios):7.2f} "
            f"{difference(first('result'), second('result')):>11} {first('peak_mb'):8.0f} {second('peak_mb'):8.0f}")


def table(title, first, second, names, reps):
    print(f"\n{title}\n{'operation':17} {'ms':>10} {'ours ms':>10} {'ratio':>7} {'min':>7} {'max':>7} {'difference':>11} {'MB':>8} {'ours MB':>8}")
    for name in names:
        try:
            print(compare(first, second, name, reps), flush=True)
        except RuntimeError as error:
            print(f"{name:17} error: {error}", flush=True)


def variant(options, **changes):
    return argparse.Namespace(**{**vars(options), **changes})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(OPERATIONS)}; default: all")
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--channels", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate-hz", type=int, default=2048)
    parser.add_argument("--threads", type=int, default=1, help="more than one: CPU beside that of one thread")
    parser.add_argument("--short", action="store_true", help="one channel of 1000 samples")
    parser.add_argument("--law", action="store_true", help="growth with channels and with samples: 4 if linear")
    parser.add_argument("--base", metavar="FOLDER", help="folder of another build's Python package, instead of the peers")
    options = parser.parse_args()
    unknown = [n for n in options.names if n not in OPERATIONS]
    if unknown:
        parser.error(f"unknown operation {unknown[0]}; one of {', '.join(OPERATIONS)}")
    files = {"edf", "nwb"}
    names = options.names or [n for n in OPERATIONS if not (n in files and (options.short or options.law or options.threads > 1))]
    one = variant(options, threads=1)
    load = "1 channel x 1000 samples" if options.short else f"{options.channels} channels x {options.seconds:g} s x {options.rate_hz} Hz"
    if options.law:
        pairs = [("4 times the channels beside " + load, variant(one, channels=4 * options.channels), one),
                 ("4 times the samples beside " + load, variant(one, seconds=4 * options.seconds), one)]
        pairs = [(title, a, "", b) for title, a, b in pairs]
    elif options.threads > 1:
        pairs = [(f"{load}: {options.threads} threads beside one (CPU)", options, "", one)]
    elif options.base:
        pairs = [(f"{load}: base beside head", one, options.base, one)]
    else:
        pairs = [(f"{load}: peer beside endplate, one thread", one, None, one)]
    for title, first_options, first_product, second_options in pairs:
        with tempfile.TemporaryDirectory() as folder:
            second = Remote(second_options, folder, "")
            second("write", names)
            first = Remote(first_options, folder, first_product)
            table(title, first, second, names, options.reps)
            first.close()
            second.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
