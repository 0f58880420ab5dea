"""Command line = Python, bit for bit, for every operation on a bundled recording.

(That Python equals C++ needs no test of its own: both call the same entry of `libemg/operations.h`.)
"""

import csv
import inspect
import io
import json

import numpy
import pytest

# Values other than the defaults, where a default run would not show that options arrive.
CHANGED = {
    "bandpass": {"low_hz": 30.5, "high_hz": 410.0, "order": 3, "zero_phase": False},
    "welch": {"segment_s": 0.5},
    "detect_spikes": {"factor": 4.5},
    "multitaper": {"weights": "adaptive", "line_test": True, "limits": "jackknife", "segment_s": 0.5},
    "coherence_matrix": {"phase": True, "rectify": True},
    "wavelet": {"hop_ms": 100.0, "quantity": "complex", "frequencies_hz": [20.0, 80.5]},
    "window_features": {"features": ["all"], "hop_ms": 500.0, "threshold_uv": 3.5},
    "conduction_velocity": {"distance_mm": 8.0},
    "normalise": {"method": "mvc", "reference_uv": [812.5], "reference_note": "best of three"},
    "co_contraction": {"accept_raw": True},
}
# A default run would write a value for every sample and frequency.
SMALLER = {"wavelet": {"hop_ms": 50.0}}


@pytest.fixture(scope="module")
def operations(endplate):
    return [c for c in json.loads(endplate.ok("list", "--json"))["commands"] if c["kind"] not in ("composed", "sweeps", "sweep_rows")]


@pytest.fixture(scope="module")
def sources(samples):
    return {"surface": samples / "surface_bursts.nwb", "needle": samples / "needle_units.nwb"}


def flags(options):
    given = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        text = ",".join(map(str, value)) if isinstance(value, list) else value
        given.append(flag if value is True else "--no-" + flag[2:] if value is False else f"{flag}={text}")
    return given


def columns_of(tsv):
    rows = list(csv.reader(io.StringIO(tsv), delimiter="\t"))
    return {name: [row[i] for row in rows[1:]] for i, name in enumerate(rows[0])}


def numbers(cells):
    return numpy.array([float({"": "nan", "true": "1", "false": "0"}.get(c, c)) for c in cells])


def equal(a, b):
    return numpy.array_equal(numpy.asarray(a, dtype=float), numpy.asarray(b, dtype=float), equal_nan=True)


def compare_rows(name, typed, frame):
    """A table of the command line against a DataFrame; the first column says which recording."""
    assert list(typed)[0] == "recording_id"
    for column in list(typed)[1:]:
        assert column in frame.columns, f"{name}: {column} is missing in Python"
        values = frame[column]
        if values.dtype == object or str(values.dtype) in ("str", "string"):
            assert typed[column] == ["" if v is None or v != v else str(v) for v in values], f"{name}: {column}"
        else:
            assert equal(numbers(typed[column]), values), f"{name}: {column}"


def compare_arrays(name, typed, result, members):
    for member in members:
        column, values = numbers(typed[member]), numpy.asarray(getattr(result, member), dtype=float)
        if values.size == column.size:
            assert equal(column, values.ravel()), f"{name}: {member}"
        else:  # an axis, or a fact repeated on every line
            assert equal(numpy.unique(column), numpy.unique(values)), f"{name}: {member}"


def compare(endplate, ep, operation, source, options, tmp_path):
    name = operation["name"].replace("-", "_")
    try:
        result = getattr(ep, name)(ep.read(source), **options)
    except ValueError as refusal:  # as for two channels of a recording that has one
        done = endplate(operation["name"], source, "-o", tmp_path / f"{name}.tsv", *flags(options))
        assert done.returncode != 0 and str(refusal) in done.stderr, name
        return
    if operation["kind"] == "channels":
        target = tmp_path / f"{name}.nwb"
        endplate.ok(operation["name"], source, "-o", target, "--dtype", "float64", *flags(options))
        written = ep.read(target)
        assert written.rate_hz == result.rate_hz, name
        assert written.data.tobytes() == numpy.ascontiguousarray(result.data).tobytes(), f"{name}: samples differ"
        return
    target = tmp_path / f"{name}.tsv"
    endplate.ok(operation["name"], source, "-o", target, *flags(options))
    typed = columns_of(target.read_text())
    assert endplate.ok(operation["name"], source, *flags(options)) == target.read_text(), f"{name}: standard output differs from the file"
    if operation["kind"] == "arrays":
        compare_arrays(name, typed, result, [r["name"] for r in operation["results"] if r["name"] in result.keys()])
    else:
        compare_rows(name, typed, result.to_dataframe())


@pytest.mark.parametrize("recording", ["surface", "needle"])
def test_every_operation_by_its_defaults(endplate, ep, operations, sources, tmp_path, recording):
    assert len(operations) > 5
    for operation in operations:
        compare(endplate, ep, operation, sources[recording], SMALLER.get(operation["name"], {}), tmp_path)


def test_options_arrive(endplate, ep, operations, sources, tmp_path):
    by_name = {o["name"].replace("-", "_"): o for o in operations}
    for name, options in CHANGED.items():
        compare(endplate, ep, by_name[name], sources["surface"], options, tmp_path)


def test_names_and_defaults_are_the_same_on_both_sides(ep, operations):
    for operation in operations:
        name = operation["name"].replace("-", "_")
        parameters = inspect.signature(getattr(ep, name)).parameters
        for option in operation["options"][name]:
            assert option["name"] in parameters, f"{name}: {option['name']}"
            default = parameters[option["name"]].default
            expected = option["default"]
            if isinstance(default, tuple):
                default = list(default)
            assert default == expected or (expected in (None, []) and not default), f"{name}: {option['name']}: {default} {expected}"


def test_errors_have_the_same_text(endplate, ep, sources):
    done = endplate("welch", sources["surface"], "--segment-s=1e9")
    with pytest.raises(ValueError) as caught:
        ep.welch(ep.read(sources["surface"]), segment_s=1e9)
    assert str(caught.value) in done.stderr
