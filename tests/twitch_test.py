"""endplate twitch on a mixed folder: rows, exit codes, bytes, statements about absence; the page in a browser; real needle recordings."""

import csv
import html.parser
import re

import numpy as np
import pytest
from program import missing
from report_test import browser  # noqa: F401

RATE_HZ = 2048
HOSTILE = "<b>M. evil</b>"


def shape(t):
    return (1 - (t / 0.002) ** 2) * np.exp(-((t / 0.002) ** 2) / 2)


def resting(draw, seconds, per_min, height_uv=120.0, noise_uv=6.0):
    samples = draw.normal(0, noise_uv, int(seconds * RATE_HZ))
    times = np.sort(draw.uniform(1, seconds - 1, int(per_min * seconds / 60)))
    for at in times:
        first = int((at - 0.02) * RATE_HZ)
        t = (np.arange(first, first + int(0.04 * RATE_HZ)) / RATE_HZ) - at
        samples[first : first + t.size] += height_uv * np.exp(0.1 * draw.normal()) * shape(t)
    return samples, times


@pytest.fixture(scope="module")
def folder(ep, tmp_path_factory):
    """Twelve inputs: nine with muscles and dates, one silent, one without a muscle, one broken; and a file that is no recording."""
    folder = tmp_path_factory.mktemp("rest")
    draw = np.random.default_rng(5)
    rows = ["file\tsubject\tmuscle\tside\tregion\tdate"]
    muscles = [("biceps brachii", "L"), ("biceps brachii", "R"), ("tibialis anterior", "L")]
    for visit in range(3):
        for muscle, side in muscles:
            name = f"{muscle.split()[0]}_{side}_{visit}"
            samples, _ = resting(draw, 90, 40 if muscle.startswith("biceps") else 6)
            ep.write(ep.from_numpy(samples[np.newaxis], rate_hz=RATE_HZ, units="uV", channels=["EMG1"]), folder / f"{name}.nwb")
            rows.append(f"{name}\tP01\t{muscle}\t{side}\t\t2026-0{visit + 1}-10")
    samples, _ = resting(draw, 90, 0)
    ep.write(ep.from_numpy(samples[np.newaxis], rate_hz=RATE_HZ, units="uV"), folder / "silent.nwb")
    rows.append(f"silent.nwb\tP01\t{HOSTILE}\tL\tthoracic\t2026-03-10")
    two = np.stack([resting(draw, 70, 20)[0], resting(draw, 70, 0)[0]])
    ep.write(ep.from_numpy(two, rate_hz=RATE_HZ, units="uV"), folder / "unnamed.nwb")
    (folder / "broken.edf").write_bytes(b"0       " + b"no number of anything" * 12)
    (folder / "notes.md").write_text("nothing of interest")
    (folder.parent / "session.tsv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture(scope="module")
def run(endplate, folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("twitch") / "out"
    done = endplate("twitch", folder, "--session", folder.parent / "session.tsv", "--out", out, "--created", "2026-01-01T00:00:00+00:00")
    assert done.returncode == 3, done.stderr
    return out, done


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_one_row_for_each_recording_and_muscle(run):
    rows = rows_of(run[0] / "twitch_report.tsv")
    assert len(rows) == 13   # unnamed.nwb has two channels
    by_id = {row["recording_id"]: row for row in rows}
    assert by_id["broken"]["quality"] == "failed" and by_id["broken"]["reason"]
    silent = by_id["silent"]
    assert silent["events"] == "0" and float(silent["detectable_rate_per_min"]) > 0 and silent["region"] == "thoracic"
    assert abs(float(by_id["biceps_L_0"]["rate_per_min"]) - 40) < 6
    assert by_id["biceps_L_0"]["region"] == "cervical" and by_id["tibialis_L_0"]["region"] == "lumbosacral"
    assert by_id["unnamed"]["muscle"] == ""
    trend = {(row["muscle"], row["side"]): row for row in rows_of(run[0] / "tables" / "twitch_trend.tsv")}
    assert trend[("biceps brachii", "L")]["present_in"] == "3"


def test_absence_is_never_stated_alone(run):
    out, done = run
    for text in (done.stdout, (out / "report.html").read_text(encoding="utf-8")):
        for match in re.finditer(r"no event in [^.]*", text):
            whole = text[match.start() : match.start() + 400]
            assert re.search(r"no event in [\d.]+ usable minutes; a rate of [\d.]+/min or more of potentials above [\d.]+ uV", whole), whole
    for row in rows_of(out / "twitch_report.tsv"):
        if row["events"] == "0":
            assert row["detectable_rate_per_min"] and row["detectable_amplitude_uv"] and row["minutes"] and row["minutes_excluded"]


def test_same_input_same_bytes(endplate, folder, run, tmp_path):
    endplate("twitch", folder, "--session", folder.parent / "session.tsv", "--out", tmp_path / "again", "--threads", "2", "--created", "2026-01-01T00:00:00+00:00")
    for file in sorted(run[0].rglob("*")):
        if file.is_file():
            assert file.read_bytes() == (tmp_path / "again" / file.relative_to(run[0])).read_bytes(), file.name
    page = (run[0] / "report.html").read_text(encoding="utf-8")
    assert str(folder) not in page and "2026-01-01T00" not in page


class Words(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.ids = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_data(self, data):
        self.words.append(data)


def test_page_has_every_block_and_no_foreign_markup(run):
    page = Words((run[0] / "report.html").read_text(encoding="utf-8"))
    for block in ("summary", "muscles", "body", "time", "waveforms", "change", "open", "options"):
        assert block in page.ids
    assert "svg" in page.tags
    text = " ".join(page.words)
    assert HOSTILE in text   # as text, not as markup
    assert "broken" in text and "not_assessable (no muscle)" in text and "notes.md" in text
    assert "diagnosis" in text


def test_page_opens_in_a_browser(run, browser, tmp_path):  # noqa: F811
    dom = browser(run[0] / "report.html", tmp_path / "profile", "--window-size=1200,900", "--dump-dom")
    assert 'data-ready="1"' in dom
    width = int(re.search(r'data-scroll-width="(\d+)"', dom).group(1))
    assert width <= 1200
    narrow = browser(run[0] / "report.html", tmp_path / "phone", "--window-size=500,900", "--dump-dom")
    assert int(re.search(r'data-scroll-width="(\d+)"', narrow).group(1)) <= int(re.search(r'data-inner-width="(\d+)"', narrow).group(1)) + 1


def test_python_gives_the_same_tables(ep, folder, run):
    session = ep.twitch(folder, session=folder.parent / "session.tsv")
    assert session.person["failed"] == 1
    assert list(session.report.to_dict()["recording_id"]) == [row["recording_id"] for row in rows_of(run[0] / "twitch_report.tsv")]
    assert len(session.events.to_dict()["time_s"]) == len(rows_of(run[0] / "tables" / "twitch_events.tsv"))
    recording = ep.read(folder / "biceps_L_0.nwb")
    by_object = ep.twitch({"mine": recording}, session=[{"file": "mine", "muscle": "biceps", "side": "L"}])
    assert by_object.report.to_dict()["muscle"][0] == "biceps"
    with pytest.raises(ep.InvalidArgument):
        ep.twitch(folder, factor=-1)
    with pytest.raises(ep.InvalidArgument):
        ep.twitch([])
    with pytest.raises(ep.FileError):
        ep.twitch(folder / "broken.edf")


def test_wrong_tables_are_refused(endplate, folder, tmp_path):
    wrong = tmp_path / "wrong.tsv"
    wrong.write_text("muscle\nbiceps\n")
    for flag, word in (("--session", "file"), ("--regions", "region"), ("--limits", "measure")):
        done = endplate("twitch", folder / "silent.nwb", flag, wrong, "--out", tmp_path / "x")
        assert done.returncode == 2, done.stderr
        assert word in done.stderr
    assert endplate("twitch", folder / "silent.nwb").returncode == 2
    limits = tmp_path / "limits.tsv"
    limits.write_text("measure\tupper\nrate_per_min\t5\n")
    assert endplate("twitch", folder / "biceps_L_0.nwb", "--limits", limits, "--out", tmp_path / "y").returncode == 0
    assert "rate_per_min above 5" in (tmp_path / "y" / "twitch_report.tsv").read_text()


def test_voluntary_needle_recordings_run_and_state_their_exclusions(endplate, shared, tmp_path):
    source = shared("physionet_emgdb")
    files = sorted(source.rglob("*.hea"))
    if not files:
        missing("no recordings of physionet_emgdb")
    pages = []
    for attempt in ("a", "b"):
        done = endplate("twitch", *files, "--out", tmp_path / attempt, "--created", "2026-01-01T00:00:00+00:00")
        assert done.returncode == 0, done.stderr
        pages.append((tmp_path / attempt / "report.html").read_bytes())
    assert pages[0] == pages[1]
    rows = rows_of(tmp_path / "a" / "tables" / "twitch_rates.tsv")
    assert len(rows) == 3
    assert all(row["excluded_voluntary_a_s"] != "" and row["excluded_voluntary_b_s"] != "" for row in rows)
    assert any(float(row["seconds_excluded"]) > 0 for row in rows)
