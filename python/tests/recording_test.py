"""Recordings and results: views, value semantics, round trips, what notebooks show."""

import copy
import gc
import pickle
import re
import warnings

import numpy as np
import pytest


def test_data_is_a_read_only_view_that_outlives_the_recording(ep, noise):
    rec = ep.from_numpy(noise, rate_hz=2000)
    data = rec.data
    assert data.dtype == np.float64 and data.flags.c_contiguous and not data.flags.writeable and not data.flags.owndata
    assert data.__array_interface__["data"][0] == rec.data.__array_interface__["data"][0]
    with pytest.raises(ValueError):
        data[0, 0] = 1
    with pytest.raises(ValueError):
        data.flags.writeable = True
    del rec
    gc.collect()
    assert np.array_equal(data, noise)


def test_input_may_be_changed_afterwards(ep, noise):
    rec, before = ep.from_numpy(noise, rate_hz=2000), noise.copy()
    noise[:] = 0
    assert np.array_equal(rec.data, before)


@pytest.mark.parametrize("units, factor", [("V", 1e6), ("mV", 1e3), ("uV", 1.0), ("nV", 1e-3)])
def test_units_become_microvolts(ep, noise, units, factor):
    assert np.array_equal(ep.from_numpy(noise, rate_hz=2000, units=units).data, noise * factor)


def test_unknown_units_and_rates_are_refused(ep, noise):
    with pytest.raises(ep.InvalidArgument, match="units"):
        ep.from_numpy(noise, rate_hz=2000, units="furlong")
    with pytest.raises(ep.InvalidArgument, match="rate_hz"):
        ep.from_numpy(noise, rate_hz=0)
    with pytest.raises(TypeError, match="rate_hz must be a number"):
        ep.from_numpy(noise, rate_hz="2000")
    with pytest.raises(ep.InvalidArgument, match="channels has 2 entries"):
        ep.from_numpy(noise, rate_hz=2000, channels=["a", "b"])


@pytest.mark.parametrize("wrong, message", [
    ({"channels": [{"nome": "a"}]}, "a channel has no field 'nome'"), ({"channels": [{"name": 3}]}, "name must not be of type int"),
    ({"channels": [5]}, "a channel must be a Channel"), ({"gaps": [(0, 1)]}, "a gap must be a Gap"),
    ({"start_time": 5}, "start_time must not be")])
def test_wrong_facts_name_their_field(ep, noise, wrong, message):
    with pytest.raises(TypeError, match=message):
        ep.from_numpy(noise[0], rate_hz=2000, **wrong)


def test_facts_survive(ep, noise):
    annotations, stimuli = [ep.Annotation(0.5, None, "rest")], [ep.Stimulus(1.0, "ulnar", "L", "wrist", 12.5)]
    channel = ep.Channel("A", muscle="FDI", side="R", x_mm=1.5, band_low_hz=10.0)
    rec = ep.from_numpy(noise[0], rate_hz=2000, channels=[channel], annotations=annotations, stimuli=stimuli)
    assert rec.annotations == tuple(annotations) and rec.stimuli == tuple(stimuli) and rec.channels == (channel,)


def test_facts(ep, rec):
    assert rec.shape == (4, 4000) and rec.duration_s == 2.0 and rec.rate_hz == 2000
    assert rec.channel_names == ["A", "B", "C", "D"] and rec.channels[0].unit == "uV" and rec.channels[0].x_mm is None
    assert rec.start_time == "2020-01-02T03:04:05+00:00" and rec.gaps == () and rec.truth is None
    assert repr(rec) == "Recording(4 channels x 4000 samples, 2000 Hz, 2 s, uV)"


def test_immutable(ep, rec):
    for name in ("rate_hz", "data", "anything"):
        with pytest.raises(AttributeError):
            setattr(rec, name, 1)
    with pytest.raises(AttributeError):
        ep.detect_spikes(rec, factor=3.0).sample = 1
    with pytest.raises(TypeError):
        hash(rec)


def test_equality_is_by_value(ep, noise, rec):
    assert rec == ep.from_numpy(noise, rate_hz=2000, channels=list("ABCD"), start_time="2020-01-02T03:04:05+00:00")
    assert rec != ep.from_numpy(noise, rate_hz=2001, channels=list("ABCD"))
    changed = noise.copy()
    changed[0, 0] += 1
    assert rec != rec.copy(data=changed) and rec == rec.copy(data=noise) and rec != 3


def test_operations_keep_what_is_known(ep, rec):
    clean = ep.bandpass(rec, low_hz=30)
    assert isinstance(clean, ep.Recording) and clean.channels == rec.channels and clean.start_time == rec.start_time
    assert np.array_equal(clean.data, ep.bandpass(rec.data, rate_hz=2000, low_hz=30))
    keys = {p.key: p.value for p in clean.provenance if p.run == 0}
    assert keys["operation"] == "bandpass" and keys["option.low_hz"] == "30" and keys["option.order"] == "4"
    assert max(p.run for p in ep.rectify(clean).provenance) == 1


def test_another_rate_is_refused(ep, rec):
    assert ep.bandpass(rec, rate_hz=2000) == ep.bandpass(rec)
    with pytest.raises(ep.InvalidArgument, match="rate_hz 1000 contradicts the recording"):
        ep.bandpass(rec, rate_hz=1000)


def test_gaps_are_left_out(ep, noise):
    gap = ep.Gap(-1, 2000, 100, "lost")
    rec = ep.from_numpy(noise, rate_hz=2000, gaps=[gap])
    clean = ep.bandpass(rec)
    assert clean.gaps == (gap,)
    assert np.array_equal(clean.data[:, :2000], ep.bandpass(noise[:, :2000], rate_hz=2000))
    with pytest.warns(ep.EndplateWarning, match="longest"):
        ep.welch(rec)
    with pytest.raises(ep.InvalidArgument, match="gap"):
        ep.from_numpy(noise, rate_hz=2000, gaps=[ep.Gap(0, 3999, 2, "")])


def test_select(ep, rec):
    part = rec.select(channels=["C", 0], start_s=0.5, stop_s=1.0)
    assert part.shape == (2, 1000) and part.channel_names == ["C", "A"] and part.start_s == 0.5
    assert np.array_equal(part.data, rec.data[[2, 0], 1000:2000])
    for wrong in ({"channels": ["E"]}, {"channels": 4}, {"channels": []}, {"start_s": 5}, {"start_s": 1, "stop_s": 1}):
        with pytest.raises(ep.InvalidArgument):
            rec.select(**wrong)


def test_array_protocol(rec):
    assert np.shares_memory(np.asarray(rec), rec.data)
    assert np.array(rec).flags.writeable and np.asarray(rec, dtype="float32").dtype == np.float32
    assert rec.to_numpy("samples_channels").shape == (4000, 4) and rec.to_numpy().flags.writeable
    with pytest.raises(ValueError):
        rec.__array__(dtype="float32", copy=False)


def results(ep, rec):
    events = ep.detect_spikes(rec, factor=3.0, before_ms=1, after_ms=1)
    return [events, ep.noise_level(rec), ep.welch(rec), ep.welch(rec.data[0], rate_hz=2000)]


def test_round_trips(ep, rec):
    for thing in [rec, ep.bandpass(rec), *results(ep, rec)]:
        assert pickle.loads(pickle.dumps(thing)) == thing
        assert copy.deepcopy(thing) == thing and copy.copy(thing) == thing
        assert ep.from_json(thing.to_json()) == thing
    with pytest.raises(ep.InvalidArgument, match="type is"):
        ep.from_json("{}")


def test_views_of_unpickled_results_are_read_only(ep, rec):
    again = pickle.loads(pickle.dumps(ep.welch(rec)))
    assert not again.frequency_hz.flags.writeable and not pickle.loads(pickle.dumps(rec)).data.flags.writeable


def test_dataframe_round_trip(ep, rec, needed):
    needed("pandas")
    frame = rec.to_dataframe()
    assert frame.shape == (4000, 4) and frame.index.name == "time_s" and frame.attrs["rate_hz"] == 2000
    assert ep.from_dataframe(frame, units="uV") == rec
    clean = ep.bandpass(frame, low_hz=30)
    assert type(clean) is type(frame) and np.array_equal(clean.to_numpy().T, ep.bandpass(rec, low_hz=30).data)
    assert list(clean.columns) == ["A", "B", "C", "D"] and clean.index.equals(frame.index)
    assert isinstance(ep.detect_spikes(frame, factor=3.0), ep.Events)


def test_rate_of_a_dataframe(ep, noise, needed):
    pandas = needed("pandas")
    bare = pandas.DataFrame(noise.T)
    with pytest.raises(ep.InvalidArgument, match="rate_hz is missing"):
        ep.from_dataframe(bare, units="uV")
    assert ep.from_dataframe(bare, units="mV", rate_hz=500).rate_hz == 500
    timed = bare.set_index(np.round(np.arange(4000) / 2048, 6))
    assert ep.from_dataframe(timed, units="uV").rate_hz == 2048
    with pytest.raises(ep.InvalidArgument, match="contradicts"):
        ep.from_dataframe(timed, units="uV", rate_hz=1000)
    with pytest.raises(ep.InvalidArgument, match="not uniform"):
        ep.from_dataframe(bare.set_index(np.arange(4000) ** 1.1), units="uV")
    assert ep.from_dataframe(bare.set_index(pandas.date_range("2020", periods=4000, freq="1ms")), units="uV").rate_hz == 1000
    with pytest.raises(TypeError, match="numbers"):
        ep.from_dataframe(timed.assign(note="x"), units="uV")


def test_xarray_round_trip(ep, rec, needed):
    needed("xarray")
    array = rec.to_xarray()
    assert array.dims == ("channel", "time") and array.attrs == {"units": "uV", "rate_hz": 2000.0}
    assert np.array_equal(ep.from_xarray(array).data, rec.data) and ep.from_xarray(array).channel_names == rec.channel_names
    clean = ep.bandpass(array.transpose("time", "channel"))
    assert type(clean) is type(array) and clean.dims == ("channel", "time")
    assert np.array_equal(clean.to_numpy(), ep.bandpass(rec).data)


def test_result_frames_are_tidy(ep, rec, needed):
    pandas = needed("pandas")
    events = ep.detect_spikes(rec, factor=3.0)
    frame = events.to_dataframe()
    assert len(frame) == len(events) and list(frame["sample"]) == list(events.sample)
    assert frame.attrs["units"]["amplitude_uv"] == "uV" and frame.attrs["provenance"]
    for thing in results(ep, rec):
        for name, column in thing.to_dataframe().items():
            assert pandas.api.types.is_numeric_dtype(column) or isinstance(column.iloc[0], str), name
    spectrum = ep.welch(rec).to_dataframe()
    assert len(spectrum) == 4 * ep.welch(rec).frequency_hz.size and set(spectrum["channel"]) == {0, 1, 2, 3}
    trace = ep.welch(rec.data[0], rate_hz=2000)
    assert np.array_equal(trace.to_dataframe()["density_uv2_per_hz"], trace.density_uv2_per_hz)


def test_events(ep, rec):
    events = ep.detect_spikes(rec, factor=3.0)
    assert events.sample.dtype == np.int64 and np.all(np.abs(events.time_s * 2000 - events.sample) <= 0.5)
    late = events[events.time_s > 1]
    assert isinstance(late, ep.Events) and 0 < len(late) < len(events) and np.all(late.time_s > 1)
    assert events[:3] == events[[0, 1, 2]] and len(list(events)) == len(events)
    assert events[0].sample == events.sample[0] and isinstance(events[0].sample, int)
    assert repr(events) == f"Events(detect_spikes: {len(events)} events on 4 channels, 2 s)"
    waves = ep.detect_spikes(rec, factor=3.0, before_ms=1, after_ms=2).waveform_uv
    assert waves.shape == (len(events), 6)


def test_text_of_files_is_escaped(ep, noise):
    hostile = "<img src=x onerror=alert(1)>"
    rec = ep.from_numpy(noise, rate_hz=2000, channels=[{"name": hostile, "muscle": "<b>&\"'"}] + ["x"] * 3, start_time=hostile)
    html = rec._repr_html_()
    assert "<img" not in html and "&lt;img src=x" in html and "<b>&" not in html and "<script" not in html and "<svg" in html


def test_html_stays_small(ep):
    rng = np.random.default_rng(5)
    names = ["&" * 5000 + str(i) for i in range(64)]
    rec = ep.from_numpy(1e5 * rng.standard_normal((64, 20_000)), rate_hz=2000, channels=names)
    html = rec._repr_html_()
    assert len(html.encode()) <= 60_000 and html.count("<tr>") == 13 and "52 more channels" in html
    for thing in results(ep, rec):
        assert len(thing._repr_html_().encode()) <= 60_000


def test_flat_and_short_signals_are_drawn(ep):
    assert "<svg" in ep.from_numpy(np.zeros(3), rate_hz=100)._repr_html_()


def test_simulation_and_truth(ep):
    rec = ep.simulate("surface", duration_s=3, seed=3)
    assert rec == ep.simulate("surface", duration_s=3, seed=3, threads=2) and rec != ep.simulate("surface", duration_s=3, seed=4)
    assert rec.truth.units and len(rec.truth.units) == len(rec.truth.tables["truth_units"])
    assert sum(len(u.sample) for u in rec.truth.units) == len(rec.truth.spikes)
    assert ep.bandpass(rec).truth == rec.truth
    assert pickle.loads(pickle.dumps(rec)).truth == rec.truth
    with pytest.raises(ep.InvalidArgument, match="unknown kind"):
        ep.simulate("nothing")
    with pytest.raises(TypeError, match="did you mean duration_s"):
        ep.simulate("surface", duration_=3)
    with pytest.raises(TypeError, match="threads must be an integer"):
        ep.simulate("surface", threads="2")


def test_simulated_sweeps(ep):
    sweeps = ep.simulate("motor-ncs", seed=1)
    assert isinstance(sweeps, ep.Sweeps) and sweeps.data.shape[0] == len(sweeps) == len(sweeps.metadata)
    assert sweeps.time_ms[sweeps.zero_sample] == 0 and pickle.loads(pickle.dumps(sweeps)) == sweeps
    assert ep.from_json(sweeps.to_json()) == ep.Sweeps(sweeps.payload()) and copy.deepcopy(sweeps) == sweeps
    assert "<svg" in sweeps._repr_html_() and len(sweeps._repr_html_()) <= 60_000


def test_warnings_come_once_per_code(ep):
    from endplate import _errors

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _errors.warn([("a_code", "first", ""), ("a_code", "second", ""), ("b_code", "third", "")])
    assert [str(w.message) for w in caught] == ["[a_code] first", "[b_code] third"]
    assert all(w.category is ep.EndplateWarning and re.search("recording_test", w.filename) for w in caught)
