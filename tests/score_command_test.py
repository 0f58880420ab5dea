"""`endplate score` and `endplate bench`: the label score to the last digit, files of every kind, the accuracy bench."""

import json
import os
import pathlib

import pytest

SHARED = pathlib.Path(os.environ.get("EMG_SHARED_DATA", pathlib.Path(__file__).resolve().parent.parent / "../shared/data"))
HEADER = "onset\tduration\tsample\tunit_id\tevent_type\n"


def table_of(document, name):
    table = document["tables"][name]
    return [dict(zip([c["name"] for c in table["columns"]], row)) for row in table["rows"]]


@pytest.fixture(scope="module")
def needle(endplate, tmp_path_factory):
    path = tmp_path_factory.mktemp("score") / "needle.nwb"
    endplate.ok("simulate", "needle", "--duration-s", "5", "--unit-count", "4", "--out", path)
    return path


def test_label_score_to_the_last_digit(endplate):
    folder = SHARED / "munitquest_eval"
    if not folder.exists():
        assert os.environ.get("CI") != "true"
        pytest.skip(f"{folder} is missing (EMG_SHARED_DATA)")
    files = folder / "example_reference.tsv", folder / "example_prediction.tsv"
    lines = endplate.ok("score", "--munitquest", *files).splitlines()
    assert lines[0] == "5.976824944609641"
    assert len(lines) == 3 + 6
    assert endplate.ok("score", "--munitquest", *files, "--tolerance-ms", "0").splitlines()[0] == "4.989677986934889"
    assert json.loads(endplate.ok("score", "--munitquest", *files, "--json"))["score"] == 5.976824944609641
    assert endplate.ok("score", "--munitquest", *files, "--threshold", "0.5").splitlines()[0] == lines[0]


def test_truth_agrees_with_itself_in_every_form(endplate, needle):
    for files in ((needle, needle), (needle, needle.with_name("needle_truth_events.tsv"))):
        document = json.loads(endplate.ok("score", *files, "--json"))
        rows = [r for r in table_of(document, "score_units") if r["verdict"] == "matched"]
        assert rows and all(r["roa"] == 1 and r["lag_samples"] == 0 for r in rows)
        assert table_of(document, "score_summary")[0]["false_units"] == 0


def test_empty_sides(endplate, needle, tmp_path):
    empty = tmp_path / "empty.tsv"
    empty.write_text(HEADER)
    summary = table_of(json.loads(endplate.ok("score", needle, empty, "--json")), "score_summary")[0]
    assert (summary["matched"], summary["mean_roa"], summary["predicted_count"]) == (0, 0, 0)
    summary = table_of(json.loads(endplate.ok("score", empty, needle, "--json")), "score_summary")[0]
    assert summary["false_units"] == summary["predicted_count"] > 0
    assert endplate.ok("score", empty, empty)


def test_events_are_scored_over_the_recording(endplate, tmp_path):
    rest, found = tmp_path / "rest.nwb", tmp_path / "found.tsv"
    endplate.ok("simulate", "rest", "--duration-s", "60", "--out", rest)
    endplate.ok("detect-spikes", rest, "-o", found)
    row = table_of(json.loads(endplate.ok("score", rest, found, "--json")), "score_events")[0]
    assert row["duration_s"] == 60
    assert 0 <= row["sensitivity_low"] <= row["sensitivity"] <= row["sensitivity_high"] <= 1
    assert row["tp"] + row["fn"] == row["reference_count"]


def test_refusals_name_the_option(endplate, needle, tmp_path):
    assert "min_f1" in endplate("score", needle, needle, "--min-f1", "2").stderr
    seconds = tmp_path / "seconds.tsv"
    seconds.write_text("onset\tunit_id\n0.5\t1\n")
    done = endplate("score", seconds, needle)
    assert done.returncode != 0 and "--rate-hz" in done.stderr
    assert "unknown suite" in endplate("bench", "accuracy", "nonsense").stderr
    assert "unknown bench" in endplate("bench", "speed").stderr


def test_the_bench_prints_score_and_time(endplate):
    document = json.loads(endplate.ok("bench", "accuracy", "onsets", "--json"))
    rows = table_of(document, "onsets")
    assert {r["method"] for r in rows} >= {"aglr", "hodges_bui"}
    assert all(r["seconds"] > 0 for r in rows)
    assert all(r["holds"] == (r["value"] >= r["must"] if r["rule"] == "at_least" else r["value"] <= r["must"])
               for r in table_of(document, "targets"))
    listed = endplate.ok("bench", "accuracy", "--dry-run")
    assert "onsets: " in listed and "detect-spikes: " in listed
