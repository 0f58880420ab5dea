"""`endplate decompose` of a needle: figures of the report, tables behind them, the residual on request, refusal without a rate."""

import csv
import re

import pytest
from program import shared_path


@pytest.fixture(scope="module")
def run(endplate, tmp_path_factory):
    folder = tmp_path_factory.mktemp("needle_report")
    endplate.ok("simulate", "needle", "--duration-s", "4", "--unit-count", "4", "--rate-hz", "10000", "--seed", "2", "--out", folder / "needle.nwb")
    endplate.ok("decompose", folder / "needle.nwb", "--out", folder / "out")
    return folder


def figure(page, caption):
    found = re.search(rf"<figure[^>]*><figcaption><b>{caption}</b>.*?</figure>", page, re.S)
    assert found, caption
    return found[0]


def test_figures_show_every_unit(run):
    page = (run / "out" / "report.html").read_text(encoding="utf-8")
    with open(run / "out" / "needle_units.tsv", encoding="utf-8") as table:
        units = list(csv.DictReader(table, delimiter="\t"))
    assert units
    potentials, intervals = figure(page, "Potentials of every unit"), figure(page, "Intervals of every unit")
    for unit in units:
        heading = f"unit {unit['unit_id']} ({unit['status']})"
        assert heading in potentials and (heading in intervals or int(unit["discharge_count"]) < 3)
    # One median for each unit, no more single potentials than 25 each.
    assert potentials.count('class="median"') == len(units)
    assert len(units) < potentials.count('class="faint"') <= 25 * len(units)
    fitted = sum(unit["true_interval_ms"] not in ("", "nan", "n/a") for unit in units)
    assert intervals.count('class="median"') == fitted > 0
    residual = figure(page, "Residual")
    assert residual.count('class="trace"') == 2 and "nan" not in residual
    assert "% of the energy" in residual


def test_residual_signal_is_written_on_request_only(endplate, run):
    endplate.ok("decompose", run / "needle.nwb", "--out", run / "kept", "--keep-residual")
    with_signal, without = (run / name / "recordings" / "needle.nwb" for name in ("kept", "out"))
    assert "residual1" in endplate.ok("inspect", with_signal) and "residual1" not in endplate.ok("inspect", without)


def test_a_file_without_rate_is_refused(endplate, tmp_path):
    done = endplate("decompose", shared_path("needle_class_assignment", "Data.txt"), "--out", tmp_path / "out")
    assert done.returncode != 0 and "rate" in done.stderr
