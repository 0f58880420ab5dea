"""Real recordings: what is clipped and what is not (folders of EMG_SHARED_DATA, default ../shared/data)."""

import os
import pathlib

import pytest

DATA = pathlib.Path(os.environ.get("EMG_SHARED_DATA") or pathlib.Path(__file__).resolve().parents[2] / ".." / "shared" / "data")


def rows(ep, missing, path, **options):
    files = sorted(DATA.glob(path))
    if not files:
        missing(f"shared data {path} are not there")
    return [ep.quality(ep.read(file, **options)) for file in files]


def test_a_channel_at_both_rails_is_clipped(ep, missing):
    (found,) = rows(ep, missing, "bsnb_opensignals/emg_fatigue.h5", units="uV")
    assert "clipped" in found.flags[0]
    assert (found.clip_low_uv[0], found.clip_high_uv[0]) == (0, 4095)
    # 26 + 3 samples within a count of 4095, 169 within one of 0.
    assert found.clipped_fraction[0] == pytest.approx((26 + 3 + 169) / 126900, abs=1e-5)


def test_amplifiers_at_their_limit_are_clipped(ep, missing):
    for found in rows(ep, missing, "munitquest_tutorial/**/*.edf"):
        assert any("clipped" in flags for flags in found.flags)


def test_needle_records_that_touch_no_rail_are_not(ep, missing):
    for found in rows(ep, missing, "physionet_emgdb/*.hea"):
        assert not any("clipped" in flags for flags in found.flags)
