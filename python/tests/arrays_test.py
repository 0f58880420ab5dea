"""Arrays in, arrays out: shapes, types, strides, copies, refusals."""

import gc
import tracemalloc

import numpy as np
import pytest


def test_the_reference_is_scipy(ep, noise, needed):
    signal = needed("scipy.signal").signal
    sos = signal.butter(4, [20, 450], "bandpass", fs=2000, output="sos")
    ours = ep.bandpass(noise, rate_hz=2000, low_hz=20, high_hz=450, order=4)
    assert np.max(np.abs(ours - signal.sosfiltfilt(sos, noise, axis=-1))) < 1e-8


@pytest.mark.parametrize("dtype, copied", [("float64", False), ("float32", True)])
def test_only_other_types_are_copied(ep, dtype, copied):
    data = np.random.default_rng(1).standard_normal((2, 500_000)).astype(dtype)
    tracemalloc.start()
    ep.rectify(data, rate_hz=2000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (peak > 7_000_000) == copied


def test_a_trace_comes_back_as_a_trace(ep, noise):
    whole = ep.bandpass(noise, rate_hz=2000)
    trace = ep.bandpass(noise[1], rate_hz=2000)
    assert whole.shape == noise.shape and trace.shape == noise[1].shape
    assert np.array_equal(whole[1], trace)
    assert ep.bandpass(noise[:1], rate_hz=2000).shape == (1, 4000)


def test_result_owns_its_memory_and_may_be_written_to(ep, noise):
    result = ep.bandpass(noise, rate_hz=2000)
    assert result.dtype == np.float64 and result.flags.c_contiguous and result.flags.writeable
    copy = result.copy()
    row = result[2]
    del result
    gc.collect()
    assert np.array_equal(row, copy[2])


def test_input_is_not_changed(ep, noise):
    before = noise.copy()
    noise.flags.writeable = False
    ep.bandpass(noise, rate_hz=2000)
    assert np.array_equal(before, noise)


REAL_TYPES = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "float16", "float32", ">i2", ">f8"]
VIEWS = [lambda x: x[:, ::2], lambda x: x[::-1], lambda x: x[::2, 100:3000], np.asfortranarray, lambda x: x[:, ::-1]]
NO_SIGNALS = [np.zeros((2, 100), complex), np.zeros((2, 100), object), np.array([["a", "b"]]), "text", None, {}, np.longdouble([1, 2])]


@pytest.mark.parametrize("dtype", REAL_TYPES)
def test_real_types_are_converted_once(ep, noise, dtype):
    given = (noise > 0).astype(dtype) if dtype == "bool" else np.abs(noise).astype(dtype)
    assert np.array_equal(ep.bandpass(given, rate_hz=2000), ep.bandpass(given.astype(float), rate_hz=2000))


@pytest.mark.parametrize("view", VIEWS)
def test_any_strides(ep, noise, view):
    given = view(noise)
    assert np.array_equal(ep.bandpass(given, rate_hz=2000), ep.bandpass(np.ascontiguousarray(given), rate_hz=2000))


def signal_operations(ep):
    """Every operation on a signal, with the options that a short record needs."""
    kinds = {c["name"].replace("-", "_"): c["kind"] for c in ep.describe()["commands"] if "kind" in c}
    return [n for n, kind in kinds.items() if kind in ("channels", "arrays", "events", "rows") and hasattr(ep, n)]


def bursts(channels=4, samples=8000):
    """Whole numbers, so that every type of number holds the same samples."""
    random = np.random.default_rng(7)
    loud = 1 + 9 * (np.arange(samples) % 4000 > 2500)
    return np.round(30 * loud * random.standard_normal((channels, samples)))


def outcome(operation, given):
    try:
        result = operation(given, rate_hz=2000)
    except ValueError as error:
        return str(error)
    return result if isinstance(result, np.ndarray) else result.payload()["columns"]


def equal(a, b):
    if isinstance(a, np.ndarray) and a.dtype.kind == "f":
        return np.array_equal(a, b, equal_nan=True)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b))
    return np.array_equal(a, b)


def test_every_operation_takes_every_type_and_order_of_samples(ep):
    x = bursts()
    spread = np.zeros((4, 16000))
    spread[:, ::2] = x
    computed = 0
    for name in signal_operations(ep):
        operation = getattr(ep, name)
        expected = outcome(operation, x)
        computed += not isinstance(expected, str)
        for given in (x.astype("float32"), x.astype("int16"), np.asfortranarray(x), spread[:, ::2], x[::-1][::-1], x.astype(">f8")):
            assert equal(outcome(operation, given), expected), name
    assert computed >= 15


def test_every_operation_takes_one_trace(ep):
    x = bursts()
    for name in signal_operations(ep):
        operation = getattr(ep, name)
        whole, trace = outcome(operation, x[1:2]), outcome(operation, x[1])
        for given in (x[1].astype("int16"), x[1].astype("float32"), np.repeat(x[1], 3)[::3]):
            assert equal(outcome(operation, given), trace), name
        if isinstance(whole, np.ndarray):
            assert trace.ndim == 1 and np.array_equal(whole[0], trace), name


def test_channel_alone_has_the_bits_of_the_channel_among_others(ep):
    x = bursts()
    for name in ("detect_spikes", "onsets", "noise_level", "teager", "artefacts"):
        whole, alone = getattr(ep, name)(x, rate_hz=2000), getattr(ep, name)(x[2], rate_hz=2000)
        if isinstance(whole, np.ndarray):
            assert np.array_equal(whole[2], alone)
            continue
        mine = whole.channel == 2
        for column in set(whole.keys()) - {"channel"}:
            assert equal(np.asarray(whole[column])[mine], np.asarray(alone[column])), (name, column)


def test_tables_are_read_only_arrays_of_their_own(ep):
    events = ep.detect_spikes(bursts(), rate_hz=2000, before_ms=1, after_ms=2)
    assert events.waveform_uv.ndim == 2 and events.clipped.dtype == bool and set(events.polarity) <= {"positive", "negative"}
    for column in events.keys():
        assert not events[column].flags.writeable


def test_lists_are_arrays(ep, noise):
    assert np.array_equal(ep.bandpass(noise.tolist(), rate_hz=2000), ep.bandpass(noise, rate_hz=2000))


@pytest.mark.parametrize("given", NO_SIGNALS)
def test_other_types_are_refused(ep, given):
    with pytest.raises(TypeError, match="signal must be"):
        ep.bandpass(given, rate_hz=2000)


def test_masked_arrays_are_refused(ep, noise):
    with pytest.raises(TypeError, match="masked"):
        ep.bandpass(np.ma.masked_array(noise, noise > 30), rate_hz=2000)
    with pytest.raises(TypeError, match="masked"):
        ep.from_numpy(np.ma.masked_array(noise, noise > 30), rate_hz=2000)


def test_samples_by_channels_are_refused_unless_said(ep, noise):
    message = r'shape \(4000, 4\) looks like samples x channels; pass layout="samples_channels" or transpose'
    with pytest.raises(ep.InvalidArgument, match=message):
        ep.bandpass(noise.T, rate_hz=2000)
    with pytest.raises(ep.InvalidArgument, match="looks like samples x channels"):
        ep.from_numpy(noise.T, rate_hz=2000)
    stated = ep.bandpass(noise.T, rate_hz=2000, layout="samples_channels")
    assert np.array_equal(stated, ep.bandpass(noise, rate_hz=2000))
    assert ep.teager(np.ones((5, 3)) * np.arange(3), rate_hz=2000, layout="channels_samples").shape == (5, 3)
    with pytest.raises(ep.InvalidArgument, match="layout is"):
        ep.bandpass(noise, rate_hz=2000, layout="rows")


def test_every_operation_refuses_samples_by_channels(ep):
    x = bursts()
    names = signal_operations(ep)
    assert len(names) > 40
    for name in names:
        with pytest.raises(ep.InvalidArgument, match="looks like samples x channels"):
            getattr(ep, name)(np.ascontiguousarray(x.T), rate_hz=2000)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_finite_name_their_place(ep, noise, bad):
    noise[2, 1024] = bad
    with pytest.raises(ep.InvalidArgument, match="channel 2, sample 1024 is not finite"):
        ep.bandpass(noise, rate_hz=2000)
    with pytest.raises(ep.InvalidArgument, match="channel 2, sample 1024 is not finite"):
        ep.from_numpy(noise, rate_hz=2000)


@pytest.mark.parametrize("shape", [(0,), (0, 0), (3, 0), (2, 2, 2), ()])
def test_shapes_without_a_signal_are_refused(ep, shape):
    with pytest.raises(ep.InvalidArgument, match="signal"):
        ep.bandpass(np.zeros(shape), rate_hz=2000)


def test_threads_do_not_change_a_bit(ep):
    signal = np.random.default_rng(2).standard_normal((20, 3000))
    one = ep.bandpass(signal, rate_hz=2000)
    for threads in (0, 2, 7):
        assert np.array_equal(one, ep.bandpass(signal, rate_hz=2000, threads=threads))


def test_arrays_have_attributes_and_no_channel_axis_for_a_trace(ep, noise):
    both = ep.welch(noise, rate_hz=2000)
    one = ep.welch(noise[0], rate_hz=2000)
    assert both.density_uv2_per_hz.shape == (4, both.frequency_hz.size)
    assert np.array_equal(both["density_uv2_per_hz"][0], one.density_uv2_per_hz)
    assert not both.density_uv2_per_hz.flags.writeable
    density, copy = one.density_uv2_per_hz, one.density_uv2_per_hz.copy()
    del one
    gc.collect()
    assert np.array_equal(density, copy)
    with pytest.raises(AttributeError, match="frequency_hz"):
        both.power


def test_measures_of_a_spectrum_equal_those_of_its_signal(ep, noise):
    assert np.array_equal(ep.frequency_measures(ep.welch(noise, rate_hz=2000)).mnf_hz, ep.frequency_measures(noise, rate_hz=2000).mnf_hz)
    with pytest.raises(TypeError, match="takes a signal"):
        ep.bandpass(ep.welch(noise, rate_hz=2000))
