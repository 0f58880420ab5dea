"""Two seconds of every kind of simulation are what they were: the same seed gives the same samples in every later version.

A change that is meant to alter them writes the file anew: `python golden_test.py`; say so in the commit.
"""

import hashlib
import json
import pathlib

import numpy as np
import pytest

import endplate as ep

GOLDEN = pathlib.Path(__file__).with_name("golden.json")
SIMULATIONS = {entry["name"]: {option["name"] for group in entry["options"].values() for option in group} for entry in ep.describe()["simulations"]}


def digest(kind, threads=1):
    """Hash of the samples in whole nanovolts: finer than any converter, coarser than the last bits of a processor's sines."""
    options = {"seed": 7}
    if "duration_s" in SIMULATIONS[kind]:
        options["duration_s"] = 2.0
    samples = np.asarray(ep.simulate(kind, threads=threads, **options).data)
    assert samples.size and np.isfinite(samples).all()
    return hashlib.sha256(np.rint(samples * 1000).astype("<i4").tobytes()).hexdigest()


@pytest.mark.parametrize("kind", sorted(SIMULATIONS))
def test_same_samples_as_ever(kind):
    assert digest(kind) == json.loads(GOLDEN.read_text())[kind]


@pytest.mark.parametrize("kind", ["needle", "surface", "f-wave"])
def test_threads_change_nothing(kind):
    assert digest(kind, threads=3) == json.loads(GOLDEN.read_text())[kind]


def test_every_kind_is_kept():
    assert sorted(json.loads(GOLDEN.read_text())) == sorted(SIMULATIONS)


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps({kind: digest(kind) for kind in sorted(SIMULATIONS)}, indent=1) + "\n")
