#!/usr/bin/env python3
"""Writes spectral.txt: what SciPy, NumPy and MNE give for multitaper, wavelets, coherence, cumulants and the surface measures.

Signals and layout are those of make_signal_references.py, except pairs: y = half of x 12 samples earlier + noise of seed 2.
Usage: make_spectral_references.py [folder]; needs NumPy, SciPy 1.17 and MNE.
"""
import sys

import mne
import numpy as np
import scipy
from make_signal_references import header, line, places, test_signal
from scipy import signal, stats

FOLDER = sys.argv[1] if len(sys.argv) > 1 else "."


def pair(count):
    x = test_signal(count)
    y = 0.5 * np.roll(x, 12) + 0.5 * test_signal(count, seed=2)
    return x, y


def tapers(out):
    for n, nw, k in ((2048, 4, 7), (1000, 4, 8), (501, 2.5, 4), (64, 3, 5), (4099, 10, 19), (20000, 4, 7), (9, 2, 3)):
        w, ratios = signal.windows.dpss(n, nw, k, return_ratios=True)
        line(out, "ratios", ratios, length=n, bandwidth=nw, tapers=k)
        for i in range(k):
            line(out, "taper", w[i][places(n)], length=n, bandwidth=nw, tapers=k, taper=i)


def eigenspectra(x, w):
    return np.abs(np.fft.rfft((x - x.mean()) * w, axis=-1)) ** 2


def one_sided(p, n, rate):
    p = p / rate
    p[1:-1 if n % 2 == 0 else None] *= 2
    return p


def adaptive(power, ratios, variance):
    s = (power[0] + power[1]) / 2
    for _ in range(150):
        b = s / (ratios[:, None] * s + (1 - ratios[:, None]) * variance)
        d = b * b * ratios[:, None]
        after = (d * power).sum(0) / d.sum(0)
        done = np.max(np.abs(after - s) / s) < 1e-13
        s = after
        if done:
            break
    return s


def multitaper(out):
    for count, rate, segment, nw, k in ((5000, 1000, 1, 4, 7), (4000, 997, 1, 2.5, 4), (3000, 2048, 0.25, 4, 8)):
        n = round(rate * segment)
        x = test_signal(count)
        w, ratios = signal.windows.dpss(n, nw, k, return_ratios=True)
        segments = [x[i:i + n] for i in range(0, count - n + 1, n)]
        for kind in ("uniform", "eigen", "adaptive"):
            total = 0
            for s in segments:
                p = eigenspectra(s, w)
                if kind == "uniform":
                    total = total + p.mean(0)
                elif kind == "eigen":
                    total = total + (ratios[:, None] * p).sum(0) / ratios.sum()
                else:
                    total = total + adaptive(p, ratios, np.var(s))
            p = one_sided(total / len(segments), n, rate)
            line(out, "multitaper", p[places(len(p))], count=count, rate=rate, segment=segment, bandwidth=nw, tapers=k, weights=kind, largest=p.max())
    x = test_signal(1000) + 10 * np.sin(2 * np.pi * 100.0 * np.arange(1000) / 1000)
    w = signal.windows.dpss(1000, 4, 7)
    y, u = np.fft.rfft((x - x.mean()) * w, axis=-1), w.sum(1)
    mu = (u[:, None] * y).sum(0) / (u ** 2).sum()
    f = 6 * np.abs(mu) ** 2 * (u ** 2).sum() / (np.abs(y - mu * u[:, None]) ** 2).sum(0)
    line(out, "line_test", np.r_[f[99:103], stats.f.sf(f[99:103], 2, 12)], count=1000, rate=1000)


def wavelets(out):
    for count, rate, cycles, zero_mean in ((3000, 1000, 7, True), (9000, 2048, 3, True), (2500, 1000, 5, False)):
        x, f = test_signal(count), np.array([12.5, 40, 111.1, 300])
        z = mne.time_frequency.tfr_array_morlet(x[None, None], rate, f, n_cycles=cycles, zero_mean=zero_mean, use_fft=True, output="complex",
                                                verbose=False)[0, 0]
        for i in range(len(f)):
            where = places(count)
            line(out, "wavelet", np.stack([z[i][where].real, z[i][where].imag], 1), count=count, rate=rate, cycles=cycles, zero_mean=int(zero_mean),
                 frequency=f[i], largest=np.abs(z).max())


def coherences(out):
    for count, rate, segment, overlap, trend in ((20000, 1000, 1, 0.5, 0), (9001, 997, 0.503, 0.75, 1), (30000, 2048, 1, 0, 2)):
        x, y = pair(count)
        n = round(rate * segment)
        keys = dict(fs=rate, window="hann", nperseg=n, noverlap=int(overlap * n), detrend=("constant", "linear", False)[trend])
        _, c = signal.coherence(x, y, **keys)
        _, s = signal.csd(x, y, **keys)
        for name, v in (("coherence", c), ("phase", np.angle(s))):
            line(out, name, v[places(len(v))], count=count, rate=rate, segment=segment, overlap=overlap, trend=trend)
    x, y = pair(20000)
    z = np.stack([x, y, test_signal(20000, seed=3) + 0.3 * x + 0.2 * y])
    _, s = signal.csd(z[:, None], z[None], fs=1000, nperseg=1000, noverlap=500, detrend="constant")
    g = np.linalg.inv(s.transpose(2, 0, 1)[1:])
    c = np.abs(g[:, 0, 1]) ** 2 / (g[:, 0, 0] * g[:, 1, 1]).real
    line(out, "partial", c[places(len(c))], count=20000)
    segments = [(x[i:i + 1000], y[i:i + 1000]) for i in range(0, 20000, 1000)]
    fx, fy = (np.fft.fft([s[i] - s[i].mean() for s in segments], axis=1) for i in (0, 1))
    scale = 2 * np.pi * 1000
    q = 2 * np.pi * np.fft.ifft((fx.conj() * fy).mean(0) / scale).real
    q = np.r_[q[-250:], q[:251]]
    fxx, fyy = ((np.abs(f) ** 2).mean(0) / scale for f in (fx, fy))
    limit = stats.norm.ppf(0.975) * np.sqrt((2 * np.pi / 20000) * (2 * np.pi / 1000) * (fxx * fyy).sum())
    line(out, "cumulant", q[places(501)], count=20000, limit=limit, largest=np.abs(q).max())


def distributions(out):
    for p, f in ((0.975, 4), (0.6, 1), (0.9995, 1e4), (0.9, 2.5), (0.01, 30)):
        line(out, "t_quantile", [stats.t.ppf(p, f)], probability=p, freedom=f)
    for x, a, b in ((3.2, 2, 12), (0.5, 118, 708), (30, 2, 12), (1.1, 1e4, 1e5), (0.01, 2, 12)):
        line(out, "f_tail", [stats.f.sf(x, a, b)], f=x, first=a, second=b)
    for t, f in ((2.1, 8), (0.1, 3), (12, 30), (-3, 5)):
        line(out, "t_two_sided", [2 * stats.t.sf(abs(t), f)], t=t, freedom=f)


def trends(out):
    for count, seed, step in ((5, 3, 0), (30, 4, 0), (201, 5, 0), (40, 6, 10.0)):
        t = 0.25 + 0.5 * np.arange(count)
        y = test_signal(count, offset=100, seed=seed) - 0.7 * t
        if step:  # ties
            y = step * np.round(y / step)
        for confidence in (0.95, 0.8):
            a = stats.theilslopes(y, t, confidence, method="separate")
            line(out, "theil_sen", [a.slope, a.intercept, a.low_slope, a.high_slope], count=count, seed=seed, step=step, confidence=confidence)
            b = stats.linregress(t, y)
            reach = stats.t.ppf(0.5 + confidence / 2, count - 2) * b.stderr
            line(out, "least_squares", [b.slope, b.intercept, b.slope - reach, b.slope + reach, b.pvalue], count=count, seed=seed, step=step,
                 confidence=confidence)


if __name__ == "__main__":
    with open(f"{FOLDER}/spectral.txt", "w") as file:
        header(file)
        file.write(f"# and MNE {mne.__version__}\n")
        for part in (tapers, multitaper, wavelets, coherences, distributions, trends):
            part(file)
