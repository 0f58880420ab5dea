"""ep.decompose of a needle: the method chosen, what is returned, agreement with truth and command line."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def needle(ep):
    return ep.simulate("needle", duration_s=4, unit_count=4, seed=2, rate_hz=10000)


@pytest.fixture(scope="module")
def found(ep, needle):
    return ep.decompose(needle)


def test_few_channels_take_the_template_method(ep, needle, found):
    assert isinstance(found, ep.NeedleDecomposition)
    assert found == found and len(found) == len(found.table) == found.summary[0].unit_count > 0
    explicit = ep.decompose(needle.data, rate_hz=needle.rate_hz, method="template")
    assert [u.sample.tolist() for u in explicit] == [u.sample.tolist() for u in found]


def test_units_agree_with_the_truth(ep, needle, found):
    assert ep.score(found.units, needle.truth, max_lag_ms=10).mean_roa > 0.9


def test_tables_and_units_tell_the_same(found):
    for unit, row in zip(found, found.table):
        of_unit = found.discharges["unit_id"] == unit.unit_id
        assert row.unit_id == unit.unit_id and row.status == unit.status
        assert np.array_equal(np.sort(found.discharges["sample"][of_unit]), unit.sample)
        assert np.allclose(np.sort(found.discharges["time_s"][of_unit]), unit.time_s, atol=1e-9)
    assert ((found.discharges["confidence"] >= 0.5) & (found.discharges["confidence"] <= 1)).all()
    assert found.accepted() == tuple(u for u in found if u.status == "accepted")
    assert found.residual.size == 0 and not found.unassigned["duration_s"].min(initial=1) < 0


def test_modes_and_options_reach_the_library(ep, needle, found):
    careful = ep.decompose(needle, mode="template", keep_residual=True)
    assert (careful.discharges["confidence"] >= 0.9).all() and "gap_fill" not in set(careful.discharges["source"])
    assert len(careful.discharges) <= len(found.discharges)
    assert careful.residual.shape[0] == 1 and careful.residual_rate_hz >= needle.rate_hz
    with pytest.raises(ep.InvalidArgument, match="mode"):
        ep.decompose(needle, mode="both")
    with pytest.raises(ep.InvalidArgument, match="beam_width.*1.*512"):
        ep.decompose(needle, beam_width=0)
    with pytest.raises(ep.InvalidArgument, match="method"):
        ep.decompose(needle, method="potentials")
    with pytest.raises((TypeError, ep.InvalidArgument), match="extension"):
        ep.decompose(needle, method="template", extension=8)


def test_decomposer_passes_the_method_on(ep, needle, found):
    again = ep.Decomposer(method="template").fit_transform(needle)
    assert [u.sample.tolist() for u in again] == [u.sample.tolist() for u in found]


def test_eight_channels_take_filters_unless_one_is_a_needle(ep):
    noise = np.random.default_rng(1).standard_normal((8, 8192))
    plain = ep.from_numpy(noise, rate_hz=4096)
    assert isinstance(ep.decompose(plain, max_iterations=2), ep.Decomposition)
    wires = ep.from_numpy(noise, rate_hz=4096, channels=[ep.Channel(name=f"w{i}", electrode_kind="fine_wire") for i in range(8)])
    nothing = ep.decompose(wires)
    assert isinstance(nothing, ep.NeedleDecomposition) and len(nothing) == 0
    assert "rate_low" in {w.code for w in nothing.warnings}
