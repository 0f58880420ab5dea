"""ep.score on simulations, units, events and files."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def needle(ep):
    return ep.simulate("needle", duration_s=5, unit_count=4, seed=2)


def test_truth_agrees_with_itself(ep, needle):
    score = ep.score(needle, needle.truth)
    assert score.mean_roa == 1 and score.false_units == 0
    frame = score.to_dataframe()
    assert set(frame[frame.verdict == "matched"].lag_samples) == {0}
    assert len(score.table) == sum(len(u.sample) > 0 for u in needle.truth.units)


def test_files_equal_objects(ep, needle, tmp_path):
    path = tmp_path / "needle.nwb"
    ep.write(needle, path)
    assert ep.score(str(path), needle.truth).summary == ep.score(needle.truth, needle.truth).summary


def test_events(ep):
    rest = ep.simulate("rest", duration_s=60)
    found = ep.detect_spikes(rest)
    score = ep.score(rest, found, tolerance_ms=10)
    assert score.duration_s == 60
    assert score.tp + score.fp == len(found)
    assert np.isclose(score.false_per_min, score.fp)


def test_empty(ep, needle):
    assert ep.score(needle.truth, []).mean_roa == 0
    assert ep.score([], needle.truth).false_units == sum(len(u.sample) > 0 for u in needle.truth.units)
    assert ep.score([], []).matched == 0


def test_labels(ep, needle):
    active = sum(len(u.sample) > 0 for u in needle.truth.units)
    assert ep.score(needle.truth, needle.truth, munitquest=True).score == active


def test_refusals(ep, needle):
    with pytest.raises(TypeError, match="score"):
        ep.score(needle.truth, [1, 2])
    with pytest.raises(TypeError, match="tolerance"):
        ep.score(needle.truth, needle.truth, tolerance=1)
    with pytest.raises(ep.InvalidArgument, match="min_f1"):
        ep.score(needle.truth, needle.truth, min_f1=3)
    with pytest.raises(AttributeError):
        ep.score([], []).sensitivity
