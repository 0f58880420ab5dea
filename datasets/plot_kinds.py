#!/usr/bin/env python3
"""One simulated recording of every kind as a picture, real ones beside them on request.

usage: plot_kinds.py DIRECTORY [--real FOLDER] [KIND...]

DIRECTORY receives KIND.png. FOLDER may hold `physionet_emgdb` as downloaded: its records stand beside simulated needles. Needs the Python
package of Endplate, NumPy, SciPy and Matplotlib.
"""

import argparse
import pathlib

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np

import endplate as ep

# Options that keep a picture small and full.
KINDS = {
    "needle": dict(duration_s=3, seed=3), "array": dict(duration_s=3, contacts=8, effort=0.4), "single-fibre": dict(duration_s=4),
    "hd": dict(duration_s=6, unit_count=60, effort=0.3), "surface": dict(duration_s=9),
    "rest": dict(duration_s=60, ecg_uv=20, motion_uv=60),
    "tremor": dict(duration_s=4, preset="parkinson"), "bursts": dict(duration_s=8, preset="myoclonus_cortical"),
    "motor-ncs": dict(sweeps_per_site=1), "inching": dict(preset="ulnar_entrapment"), "sensory-ncs": {}, "f-wave": {},
    "h-reflex": dict(step_ma=1.5), "rns": dict(preset="myasthenia"), "blink": dict(stimulus_count=4),
    "mep": dict(stimulus_count=6, background_uv=60), "cmap-scan": dict(stimulus_count=200), "voluntary-epochs": dict(epoch_count=8),
}
REST = ("fibrillation", "positive_sharp_wave", "end_plate_spike", "end_plate_noise", "complex_repetitive", "myotonic", "myokymic",
        "neuromyotonic", "cramp", "tetanic_doublets", "continuous_unit")
PATHOLOGY = {"normal": {}, "neurogenic": dict(unit_loss=0.7, reinnervation=0.8),
             "myopathic": dict(fibre_loss=0.5, diameter_sd_um=15, early_recruitment=1.8)}


def draw_traces(axis, data, rate_hz, names=None, most=8):
    """Channels above each other, each with the same scale."""
    rows = range(0, data.shape[0], max(1, data.shape[0] // most))
    step = 2 * max(np.percentile(np.abs(data[list(rows)]), 99.8), 1e-9)
    seconds = np.arange(data.shape[1]) / rate_hz
    for place, row in enumerate(rows):
        axis.plot(seconds, -data[row] - place * step, lw=0.4, color="k")
        if names:
            axis.text(0, -place * step, names[row], fontsize=6)
    axis.set(xlabel="s", yticks=[])
    axis.set_title(f"{axis.get_title()}  step {step:.3g} uV, negative up", fontsize=8)


def draw_recording(recording, picture, kind):
    figure, (traces, units) = plt.subplots(2, 1, figsize=(10, 6), height_ratios=(2, 1))
    traces.set_title(kind)
    draw_traces(traces, recording.to_numpy(), recording.rate_hz, recording.channel_names)
    for unit in recording.truth.units[:60]:
        instants = np.asarray(unit.sample) / recording.rate_hz
        units.plot(instants, np.full(len(instants), unit.unit_id), "|", ms=3)
    units.set(xlabel="s", ylabel="unit", xlim=traces.get_xlim())
    figure.tight_layout()
    figure.savefig(picture, dpi=110)
    plt.close(figure)


def draw_sweeps(sweeps, picture, kind):
    data = sweeps.data
    ms = (np.arange(data.shape[1]) - sweeps.zero_sample) * 1000 / sweeps.rate_hz
    figure, axis = plt.subplots(figsize=(7, 8))
    rows = range(0, len(data), max(1, len(data) // 20))
    late = ms > 2
    step = 1.2 * max(np.abs(data[:, late]).max(), 1e-9)
    for place, row in enumerate(rows):
        axis.plot(ms, -np.clip(data[row], -step, step) - place * step, lw=0.7, color="k")
    axis.set(xlabel="ms", yticks=[], title=f"{kind}  step {step:.3g} uV, negative up")
    figure.tight_layout()
    figure.savefig(picture, dpi=110)
    plt.close(figure)


def needle_page(folder, real):
    """Normal, neurogenic and myopathic needle records beside real ones, at 4 kHz."""
    from scipy.signal import resample_poly
    real_files = sorted((pathlib.Path(real) / "physionet_emgdb").glob("*.hea")) if real else []
    figure, axes = plt.subplots(3, 2, figsize=(12, 8), sharex=True)
    for row, (name, options) in enumerate(PATHOLOGY.items()):
        simulated = ep.simulate("needle", duration_s=4, seed=3, effort=0.4, unit_count=15, **options)
        data = resample_poly(simulated.to_numpy(), 1, 5, axis=1)
        axes[row, 0].set_title(f"simulated {name}")
        draw_traces(axes[row, 0], data[:, 4000:12000], 4000)
    for row, header in enumerate(real_files[:3]):
        recording = ep.read(header)
        axes[row, 1].set_title(f"real {header.stem}")
        draw_traces(axes[row, 1], recording.to_numpy()[:, 20000:28000] - np.median(recording.to_numpy()), recording.rate_hz)
    figure.tight_layout()
    figure.savefig(folder / "needle_page.png", dpi=110)
    plt.close(figure)


def rest_page(folder):
    figure, axes = plt.subplots(len(REST), 1, figsize=(10, 14))
    for axis, activity in zip(axes, REST):
        recording = ep.simulate("needle", duration_s=3, seed=4, effort=0, activity=[activity], run_pause_s=0.2)
        axis.set_title(activity)
        draw_traces(axis, recording.to_numpy(), recording.rate_hz)
    figure.tight_layout()
    figure.savefig(folder / "rest_page.png", dpi=100)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("kinds", nargs="*")
    parser.add_argument("--real")
    given = parser.parse_args()
    given.directory.mkdir(parents=True, exist_ok=True)
    for kind in given.kinds or KINDS:
        simulated = ep.simulate(kind, **KINDS[kind])
        draw = draw_sweeps if type(simulated).__name__ == "Sweeps" else draw_recording
        draw(simulated, given.directory / f"{kind}.png", kind)
    if not given.kinds:
        needle_page(given.directory, given.real)
        rest_page(given.directory)


if __name__ == "__main__":
    main()
