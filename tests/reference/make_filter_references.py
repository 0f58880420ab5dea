#!/usr/bin/env python3
"""Writes filters.txt: what SciPy gives for the filters without feedback, medians, trends and envelopes; see make_signal_references.py.

Usage: make_filter_references.py [folder]; needs NumPy and SciPy 1.17.
"""
import sys

import numpy as np
from scipy import ndimage, signal

from make_signal_references import header, line, places, test_signal

FOLDER = sys.argv[1] if len(sys.argv) > 1 else "."
KINDS = ("band", "low", "high", "stop")
WINDOWS = ("hamming", "hann", "blackman", ("kaiser", 8.6))


def fir(out):
    for rate, low, high in ((2048, 20, 450), (1000, 5, 450), (10000, 20, 500), (48000, 300, 400)):
        for k, kind in enumerate(KINDS):
            for w, window in enumerate(WINDOWS):
                for taps in (3, 4, 31, 64, 65, 400, 401, 1353):
                    if taps % 2 == 0 and kind in ("high", "stop"):
                        continue
                    cut = {"low": high, "high": low}.get(kind, [low, high])
                    h = signal.firwin(taps, cut, window=window, pass_zero=kind in ("low", "stop"), scale=True, fs=rate)
                    line(out, "fir_taps", h[places(taps)], kind=k, window=w, taps=taps, low=low, high=high, rate=rate)
                    if w > 0 and taps != 401:
                        continue
                    for n in (1, 2, 300, 5000):
                        x = test_signal(n)
                        y = signal.oaconvolve(x, h, mode="same")
                        line(out, "fir", y[places(n)], kind=k, window=w, taps=taps, low=low, high=high, rate=rate, count=n, odd=0)
                        half = (taps - 1) // 2
                        if taps % 2 and n > half:
                            e = np.concatenate([2 * x[0] - x[half:0:-1], x, 2 * x[-1] - x[-2:-half - 2:-1]])
                            y = np.convolve(e, h, mode="valid")
                            line(out, "fir", y[places(n)], kind=k, window=w, taps=taps, low=low, high=high, rate=rate, count=n, odd=1)


def medians(out):
    for n in (1, 2, 3, 10, 999, 5000):
        x = np.round(test_signal(n), 0 if n == 999 else 9)   # ties in one of them
        for window in (1, 3, 5, 51, 401, 2001):
            y = ndimage.median_filter(x, size=window, mode="nearest")
            line(out, "median", y[places(n)], count=n, window=window, rounded=n == 999)


def trends(out):
    for n in (1, 2, 7, 4096, 4097, 30000):
        x = test_signal(n, 200.0) + 0.01 * np.arange(n)
        line(out, "detrend", signal.detrend(x, type="constant")[places(n)], count=n, kind=0)
        if n > 1:
            line(out, "detrend", signal.detrend(x, type="linear")[places(n)], count=n, kind=1)
        line(out, "detrend", (x - np.median(x))[places(n)], count=n, kind=2)
    x = test_signal(30000, 200.0) + 0.01 * np.arange(30000)
    line(out, "detrend_breaks", signal.detrend(x, type="linear", bp=[1000, 9000, 9001 + 4096])[places(30000)], count=30000)


def envelopes(out):
    for rate, cut, order in ((1000, 6, 2), (2048, 6, 4), (10000, 0.5, 2), (2000, 200, 8), (48000, 20, 1)):
        n = 3 * rate
        y = np.maximum(signal.sosfiltfilt(signal.butter(order, cut, fs=rate, output="sos"), np.abs(test_signal(n))), 0)
        line(out, "lowpass_envelope", y[places(n)], count=n, rate=rate, cutoff=cut, order=order)
    for n, window in ((3000, 100), (3000, 205), (5001, 1), (4096, 4000)):
        x = test_signal(n)
        inside = places(n - 2 * window) if n > 2 * window else []
        for name, y in (("rms", np.sqrt(ndimage.uniform_filter1d(x * x, window))), ("arv", ndimage.uniform_filter1d(np.abs(x), window))):
            if len(inside):
                line(out, name, y[window:n - window][inside], count=n, window=window)


if __name__ == "__main__":
    with open(f"{FOLDER}/filters.txt", "w") as file:
        header(file, "make_filter_references.py")
        fir(file)
        medians(file)
        trends(file)
        envelopes(file)
