"""Pictures: what is drawn is what is there; axes carry units; nothing is shown."""

import sys

import numpy as np
import pytest

pyplot = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def fresh_figure(monkeypatch):
    monkeypatch.setattr(pyplot, "show", lambda *a, **k: pytest.fail("show() was called"))
    yield pyplot.figure(figsize=(8, 5))
    pyplot.close("all")


def lines(ax):
    return [line.get_xydata() for line in ax.get_lines()]


def test_traces_keep_every_extreme(ep, rec):
    ax = rec.plot(spacing_uv=500)
    assert ax.get_xlabel() == "time (s)" and [t.get_text() for t in ax.get_yticklabels()] == rec.channel_names
    for i, (drawn, trace) in enumerate(zip(lines(ax), rec.data)):
        base = np.median(trace) + 500 * i
        assert drawn[:, 1].max() == pytest.approx(trace.max() - base) and drawn[:, 1].min() == pytest.approx(trace.min() - base)
        assert np.all(np.diff(drawn[:, 0]) >= 0)
    long = np.random.default_rng(1).standard_normal((1, 400000))
    long[0, 123457] = 50
    pyplot.figure()
    ax = ep.plot.traces(long, rate_hz=2000, start_s=10, stop_s=190)
    (drawn,) = lines(ax)
    assert len(drawn) <= 2 * ax.get_window_extent().width + 2 and drawn[:, 1].max() == pytest.approx(50, abs=0.1)
    assert drawn[drawn[:, 1].argmax(), 0] == pytest.approx(123457 / 2000) and "uV" in ax.get_ylabel()
    with pytest.raises(ep.InvalidArgument, match="rate_hz"):
        ep.plot.traces(long)


def test_spectrum(ep, rec):
    spectrum = ep.welch(rec)
    ax = ep.plot.spectrum(spectrum, decibel=False, channels=[2])
    assert np.array_equal(lines(ax)[0][:, 1], spectrum.density_uv2_per_hz[2][: len(lines(ax)[0])]) and "uV2/Hz" in ax.get_ylabel()
    with pytest.raises(ep.InvalidArgument, match="density"):
        ep.plot.spectrum(ep.frequency_track(rec))


def test_events_sit_on_their_samples(ep):
    x = np.random.default_rng(2).standard_normal((2, 8000))
    x[1, [1000, 3000, 5000]] = 60
    rec = ep.from_numpy(x, rate_hz=4000)
    found = ep.detect_spikes(rec)
    ax = ep.plot.events(found, recording=rec, channel=1)
    marks = ax.get_lines()[-1].get_xydata()
    assert len(marks) >= 3 and set(np.round(4000 * marks[marks[:, 1] > 50, 0]).astype(int)) == {1000, 3000, 5000}
    pyplot.figure()
    assert ep.plot.events(found).get_xlabel() == "time (s)"


def test_units(ep):
    rec = ep.simulate("needle", duration_s=5, seed=3)
    units = rec.truth.units
    ax = ep.plot.raster(rec.truth)
    assert [len(line) for line in lines(ax)] == [len(u.sample) for u in units]
    pyplot.figure()
    ax = ep.plot.rates(units, window_s=1.0)
    for line, unit in zip((li for li in ax.get_lines()), [u for u in units if len(u.sample) > 1]):
        middle = np.nanmedian(line.get_ydata())
        assert middle == pytest.approx(1 / np.median(np.diff(unit.time_s)), rel=0.2)
    pyplot.figure()
    ax = ep.plot.muap_map(units[0])
    assert len(lines(ax)) == len(units[0].waveform_uv)
    with pytest.raises(ep.InvalidArgument, match="list of units"):
        ep.plot.raster(3)
    with pytest.raises(ep.InvalidArgument, match="window_s"):
        ep.plot.rates(units, window_s=0)


def test_a_muap_map_follows_the_grid(ep):
    class Unit:
        unit_id, rate_hz = 1, 2048.0
        waveform_uv = np.outer([1, 2, 3, 4], np.hanning(40))

    grid = [ep.Channel(name=str(i), x_mm=8.0 * (i % 2), y_mm=8.0 * (i // 2)) for i in range(4)]
    drawn = lines(ep.plot.muap_map(Unit, channels=grid))
    assert [tuple(np.round(d[0], 6)) for d in drawn] == [(-3.6, 0), (4.4, 0), (-3.6, 8), (4.4, 8)]
    assert max(np.ptp(d[:, 1]) for d in drawn) == pytest.approx(0.9 * 8)


def test_sweeps_and_scans(ep):
    responses = ep.simulate("motor-ncs", seed=1)
    ax = ep.plot.sweeps(responses)
    assert len(lines(ax)) == len(responses) + 1 and ax.get_xlabel() == "time from the stimulus (ms)"
    pyplot.figure()
    scan = ep.detect_spikes(np.random.default_rng(1).standard_normal(4000), rate_hz=4000)
    with pytest.raises(ep.InvalidArgument, match="intensity_ma"):
        ep.plot.cmap_scan(scan)


def test_without_matplotlib(ep, rec, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="^plotting needs matplotlib$"):
        rec.plot()
