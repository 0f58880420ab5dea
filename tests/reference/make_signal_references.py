#!/usr/bin/env python3
"""Writes butterworth.txt and signal.txt: what SciPy gives for signals that the C++ tests make themselves.

Each line is `operation key=value ... : value value ...`. Inputs come from the generator below (tests/filter/filter_support.h has the same), so
only outputs are stored, and of long ones only the samples at `places(n)`.
Usage: make_signal_references.py [folder]; needs NumPy and SciPy 1.17.
"""
import sys

import numpy as np
import scipy
from scipy import signal

FOLDER = sys.argv[1] if len(sys.argv) > 1 else "."


def noise(count, seed):
    state, out = seed, np.empty(count)
    for i in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out[i] = (state >> 8) / 8388608.0 - 1.0
    return out


def test_signal(count, offset=20.0, seed=1):
    return offset + 50 * noise(count, seed)


def places(n):
    return sorted({min(n - 1, max(0, p)) for p in (0, 1, 2, 5, n // 7, n // 3, n // 2, 2 * n // 3, n - 6, n - 3, n - 2, n - 1)})


def line(out, operation, values, **keys):
    text = " ".join(f"{k}={v!r}" if isinstance(v, str) else f"{k}={float(v)!r}" for k, v in keys.items()).replace("'", "")
    out.write(f"{operation} {text} : {' '.join(repr(float(v)) for v in np.ravel(values))}\n")


def header(out, script="make_signal_references.py"):
    out.write(f"# made by {script} with NumPy {np.__version__}, SciPy {scipy.__version__}\n")


BANDS = {
    "low": [(0, h) for h in (5, 50, 450)],
    "high": [(c, 0) for c in (0.5, 2, 10, 20, 500)],
    "band": [(20, 450), (5, 450), (20, 500), (10, -1), (300, 400), (3, 12), (500, 5000), (0.5, 20)],  # -1: 0.45 rate
    "stop": [(48, 52), (45, 55), (59, 61), (20, 450)],
}
SCIPY_KIND = {"low": "lowpass", "high": "highpass", "band": "bandpass", "stop": "bandstop"}


def design(kind, order, low, high, rate):
    corner = {"low": high, "high": low}.get(kind, [low, high])
    return signal.butter(order, corner, SCIPY_KIND[kind], fs=rate, output="sos")


def pad_length(sos):
    return 3 * (2 * len(sos) + 1 - min((sos[:, 2] == 0).sum(), (sos[:, 5] == 0).sum()))


def butterworth(out):
    header(out)
    for rate in (1000, 2048, 10000, 48000):
        x = test_signal(3 * rate, 200.0)
        where = places(len(x))
        for kind, bands in BANDS.items():
            for low, high in bands:
                high = 0.45 * rate if high < 0 else high
                if max(low, high) >= rate / 2:
                    continue
                for order in range(1, 13):
                    y = signal.sosfiltfilt(design(kind, order, low, high, rate), x)
                    line(out, "zero_phase", y[where], kind=kind, order=order, low=low, high=high, rate=rate, count=len(x))


def edges(out):
    for kind in BANDS:
        for order in (1, 2, 4, 5):
            sos = design(kind, order, 20, 450, 2048)
            pad = pad_length(sos)
            for n in (1, 2, pad - 1, pad, pad + 1, pad + 2):
                x = test_signal(n)
                y = signal.sosfiltfilt(sos, x, padlen=min(pad, n - 1))
                line(out, "edge", y[places(n)], kind=kind, order=order, low=20, high=450, rate=2048, count=n)
            x = test_signal(3000)
            y = signal.sosfilt(sos, x, zi=signal.sosfilt_zi(sos) * x[0])[0]
            line(out, "causal", y[places(3000)], kind=kind, order=order, low=20, high=450, rate=2048, count=3000, initial=0)
            line(out, "causal", signal.sosfilt(sos, x)[places(3000)], kind=kind, order=order, low=20, high=450, rate=2048, count=3000, initial=1)


def blocks(out):
    """Records of several blocks of the fixed grid."""
    for kind, order, low, high in [("band", n, 20, 450) for n in (1, 2, 4, 8, 12)] + [("band", 4, 5, 450), ("high", 2, 10, 0), ("high", 4, 10, 0)]:
        for n in (40000, 60001, 100000):
            y = signal.sosfiltfilt(design(kind, order, low, high, 2048), test_signal(n, 200.0))
            line(out, "blocks", y[places(n)], kind=kind, order=order, low=low, high=high, rate=2048, count=n)


def others(out):
    for rate, count, quality, n in ((2048, 10, 30, 20000), (2048, 1, 30, 30000), (1000, 5, 10, 3000), (10000, 20, 35, 40000), (2048, 10, 30, 50)):
        x = test_signal(n)
        sos = np.array([np.r_[signal.iirnotch(50 * k, quality, rate)] for k in range(1, count + 1) if 50 * k < 0.49 * rate])
        y = signal.sosfiltfilt(sos, x, padlen=min(pad_length(sos), n - 1))
        line(out, "notch", y[places(n)], rate=rate, harmonics=count, quality=quality, count=n)
    for up, down in ((125, 256), (1, 2), (2, 1), (3, 2), (441, 480), (1000, 2048), (20, 1), (1, 24)):
        for n in (1, 7, 1000, 5001):
            for edge, pad in ((0, "constant"), (1, "line")):
                if n == 1 and edge:
                    continue
                y = signal.resample_poly(test_signal(n), up, down, padtype=pad)
                line(out, "resample", y[places(len(y))], up=up, down=down, count=n, edges=edge, length=len(y))
    for n, rate, segment, overlap, average, trend in ((5000, 1000, 1, 0.5, 0, 0), (5003, 1000, 0.333, 0.3, 1, 1), (7777, 2048, 1, 0.75, 0, 2),
                                                      (3001, 997, 1, 0.5, 1, 0), (4000, 1000, 4, 0.5, 0, 0)):
        m = round(segment * rate)
        _, p = signal.welch(test_signal(n), rate, "hann", nperseg=m, noverlap=int(overlap * m), detrend=("constant", "linear", False)[trend],
                            average=("mean", "median")[average])
        line(out, "welch", p[places(len(p))], count=n, rate=rate, segment=segment, overlap=overlap, average=average, trend=trend, largest=p.max())
    _, _, s = signal.spectrogram(test_signal(3000), 1000, "hann", nperseg=250, noverlap=250 - 63, detrend="constant")
    line(out, "spectrogram", s[places(s.shape[0]), 7], count=3000, rate=1000, window=250, hop=63, column=7, windows=s.shape[1], largest=s.max())
    _, _, s = signal.stft(test_signal(3000), 1000, "hann", nperseg=250, noverlap=250 - 63, detrend=False, boundary=None, padded=False,
                          scaling="spectrum")
    s = s[places(s.shape[0]), 7]
    line(out, "stft", np.stack([s.real, s.imag], 1), count=3000, rate=1000, window=250, hop=63, column=7)
    for n in (1, 2, 3, 1000, 1001, 4099):
        y = np.abs(signal.hilbert(test_signal(n)))
        line(out, "hilbert", y[places(n)], count=n)
    x = test_signal(5000)
    y = np.maximum(signal.sosfiltfilt(signal.butter(2, 6, fs=2000, output="sos"), np.abs(x)), 0)
    line(out, "lowpass_envelope", y[places(5000)], count=5000, rate=2000)


if __name__ == "__main__":
    with open(f"{FOLDER}/butterworth.txt", "w") as file:
        butterworth(file)
    with open(f"{FOLDER}/signal.txt", "w") as file:
        header(file)
        edges(file)
        blocks(file)
        others(file)
