"""Surface measures on real recordings of the shared folder."""

import numpy
import pytest


@pytest.mark.parametrize("column, first, last, expected", [(1, 5, 12, 4.76), (2, 2, 6, -5.63), (3, 6, 12, 4.51), (4, 1, 6, -4.29)])
def test_conduction_velocity_of_a_grid(ep, shared, column, first, last, expected):
    """Vastus lateralis, 8 mm grid: single differentials of one column on one side of its innervation zone, 8 to 24 s."""
    matlab = pytest.importorskip("scipy.io")
    data = matlab.loadmat(shared("openhdemg_otb", "otb_testfile.mat"))["Data"]
    data = data[0, 0] if data.dtype == object else data
    emg = numpy.ascontiguousarray(numpy.asarray(data, dtype=float)[8 * 2048:24 * 2048, :64].T)
    electrodes = numpy.split(emg, numpy.cumsum([12, 13, 13, 13]))[column]
    side = numpy.diff(electrodes, axis=0)[first - 1:last]
    rows = ep.conduction_velocity(side, rate_hz=2048, distance_mm=8.0)
    assert abs(numpy.median(rows.cv_mps) - expected) <= 0.15
    assert min(rows.correlation) >= 0.7
    assert not any("innervation_zone" in flags for flags in rows.flags)
    whole = ep.conduction_velocity(electrodes, rate_hz=2048, distance_mm=8.0, derivation="single")
    assert all("innervation_zone" in flags for flags in whole.flags)
