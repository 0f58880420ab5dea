"""The HTML report of `endplate analyze`, looked at with a browser: structure, safety, size, screens, paper."""

import html.parser
import math
import random
import re
import shutil
import subprocess

import matplotlib.image
import pytest
from program import missing

HOSTILE = "<img src=x onerror=alert(1)>"
RATE_HZ = 1000


def write_csv(path, names, duration_s, seed):
    """Noise with bursts of a second; units in the header, rate in the time column."""
    rng = random.Random(seed)
    with open(path, "w", encoding="utf-8") as out:
        out.write(",".join(["time_s", *(f"{name} [uV]" for name in names)]) + "\n")
        for i in range(int(duration_s * RATE_HZ)):
            time_s = i / RATE_HZ
            gain = 120 if int(time_s) % 3 == 1 else 5
            cells = [f"{rng.gauss(0, gain) + 20 * math.sin(2 * math.pi * 50 * time_s):.3f}" for _ in names]
            out.write(f"{time_s:.3f}," + ",".join(cells) + "\n")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report_inputs")
    write_csv(folder / "first.csv", [HOSTILE, "second"], 6, 1)
    write_csv(folder / "second.csv", ["EMG1"], 8, 2)
    write_csv(folder / "many.csv", [f"EMG{i + 1}" for i in range(20)], 4, 3)
    (folder / "broken.edf").write_bytes(b"0       " + b"no number of anything" * 12)
    return [folder / name for name in ("first.csv", "second.csv", "many.csv", "broken.edf")]


@pytest.fixture(scope="module")
def run(endplate, inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("report") / "out"
    done = endplate("analyze", *inputs, "--out", out, "--created", "2026-01-01T00:00:00+00:00")
    assert done.returncode == 3, done.stderr
    return out


@pytest.fixture(scope="module")
def browser():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        missing("chromium is not installed")

    def call(page, profile, *options):
        command = [path, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--virtual-time-budget=10000",
                   "--enable-logging=stderr", *options, page.resolve().as_uri()]
        done = subprocess.run(command, capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        complaints = [line for line in done.stderr.decode(errors="replace").splitlines() if "CONSOLE" in line]
        assert complaints == []
        return done.stdout.decode()

    return call


class Page(html.parser.HTMLParser):
    """Elements with their attributes, parents and text."""

    VOID = {"meta", "br", "img", "input", "link", "hr"}

    def __init__(self, text):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "attrs": dict(attrs), "parents": [e["tag"] for e in self.open], "text": ""}
        self.elements.append(element)
        if tag not in self.VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        while self.open and self.open.pop()["tag"] != tag:
            pass

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def find(self, tag, **attrs):
        def fits(element):
            return all(value in element["attrs"].get(name.rstrip("_").replace("_", "-"), "").split() for name, value in attrs.items())

        return [e for e in self.elements if e["tag"] == tag and fits(e)]


def check_structure(page, sections):
    assert page.find("html")[0]["attrs"]["lang"] == "en"
    assert len(page.find("h1")) == 1
    assert len(page.find("section", id="summary")) == 1
    recordings = page.find("section", class_="recording")
    assert len(recordings) == sections and len({s["attrs"]["id"] for s in recordings}) == sections
    assert {e["text"].split(".")[0] for e in page.find("th", scope="row")} >= {"first", "second", "many"}
    assert all(e["attrs"].get("scope") in ("row", "col") for e in page.find("th"))
    for name in ("failed", "provenance", "limits"):
        assert len(page.find("section", id=name)) == 1
    failed = page.find("section", id="failed")[0]["text"]
    assert "broken" in failed and "failed" in failed


def check_figures(page):
    figures = page.find("figure")
    assert len(figures) >= 6                       # traces and spectra of three recordings
    for svg in page.find("svg"):
        assert svg["parents"][-1] == "figure" and svg["attrs"]["role"] == "img" and svg["attrs"]["aria-label"]
    assert any("16 of 20 channels" in f["text"] for f in figures)
    for unit in ("time (s)", "frequency (Hz)", "\u00b5V\u00b2/Hz"):
        assert any(unit in f["text"] for f in figures), unit


def check_safety(text, page):
    policy = page.find("meta", http_equiv="Content-Security-Policy")
    assert len(policy) == 1 and policy[0]["attrs"]["content"].startswith("default-src 'none';")
    assert page.find("img") == [] and page.find("link") == [] and page.find("iframe") == []
    assert not any(name.startswith("on") for e in page.elements for name in e["attrs"])
    assert any(HOSTILE in e["text"] for e in page.find("th", scope="row"))
    for element in page.elements:
        for name in ("src", "href", "xlink:href"):
            target = element["attrs"].get(name, "#")
            assert target.startswith(("#", "recordings/", "data:")), target
            if target.startswith("#") and len(target) > 1:
                assert any(e["attrs"].get("id") == target[1:] for e in page.elements), target
    for target in re.findall(r"url\(([^)]*)\)", text):
        assert target.strip("'\"").startswith(("#", "data:"))


def test_everything_stands_in_the_file_without_script(run):
    text = (run / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    check_structure(page, 3)
    check_figures(page)
    check_safety(text, page)
    flags = page.find("span", class_="flag")
    assert all(f["attrs"]["data-code"] and f["text"].strip() for f in flags)
    assert len(page.find("table", id="recordings")) == 1
    assert "not a diagnosis" in text or "no diagnosis" in text


def test_size(run):
    assert (run / "report.html").stat().st_size <= 200_000 + 3 * 300_000


def test_traces_are_thinned(run):
    page = Page((run / "report.html").read_text(encoding="utf-8"))
    traces = page.find("path", class_="trace")
    assert len(traces) == 2 + 1 + 16
    for trace in traces:
        d = trace["attrs"]["d"]
        assert 500 < len(re.findall("[Mlv]", d)) <= 2000


@pytest.mark.parametrize("width", [1200, 400])
def test_browser(run, browser, tmp_path, width):
    text = browser(run / "report.html", tmp_path / "profile", "--dump-dom", f"--window-size={width},900")
    page = Page(text)
    body = page.find("body")[0]["attrs"]
    assert body["data-ready"] == "1"
    assert int(body["data-scroll-width"]) <= int(body["data-inner-width"])
    check_structure(page, 3)
    check_figures(page)
    check_safety(text, page)


@pytest.mark.parametrize("width", [1200, 400])
def test_screen_is_not_blank(run, browser, tmp_path, width):
    picture = tmp_path / "screen.png"
    browser(run / "report.html", tmp_path / "profile", f"--screenshot={picture}", f"--window-size={width},900")
    image = matplotlib.image.imread(picture)[:, :, :3]
    background = image[2, 2]
    assert (abs(image - background) > 0.02).any(axis=2).mean() >= 0.02


def test_paper(run, browser, tmp_path):
    paper = tmp_path / "report.pdf"
    browser(run / "report.html", tmp_path / "profile", f"--print-to-pdf={paper}")
    data = paper.read_bytes()
    assert data.startswith(b"%PDF") and len(re.findall(rb"/Type\s*/Page\b", data)) >= 3


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    channels = [int(digits[i:i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_contrast_of_text_in_both_schemes(run):
    style = re.search("<style>(.*?)</style>", (run / "report.html").read_text(encoding="utf-8"), re.S).group(1)
    schemes = [dict(re.findall(r"--([\w-]+):(#[0-9a-f]{3}|#[0-9a-f]{6})(?![0-9a-f])", block)) for block in re.findall(r":root\{(.*?)\}", style, re.S)]
    assert len(schemes) == 2
    pairs = [(ink, ground) for ink in ("text", "muted", "link") for ground in ("bg", "panel")]
    pairs += [("rail", "bg"), ("warn", "warn-bg"), ("bad", "bad-bg")]
    for scheme in schemes:
        for ink, ground in pairs:
            light, dark = sorted((luminance(scheme[ink]), luminance(scheme[ground])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)


def test_rebuilding_gives_the_same_bytes(endplate, inputs, run, tmp_path):
    before = (run / "report.html").read_bytes()
    (run / "report.html").unlink()
    endplate.ok("report", run)
    assert (run / "report.html").read_bytes() == before
    again = tmp_path / "again"
    endplate("analyze", *reversed(inputs), "--out", again, "--created", "2026-01-01T00:00:00+00:00")
    # Only the order in which the inputs were named may differ.
    def without_inputs(data):
        return re.sub(rb'<p class="lead">endplate analyze.*?</p>', b"", data, count=1)

    assert without_inputs((again / "report.html").read_bytes()) == without_inputs(before)


def test_own_pages_beyond_the_details(endplate, run, browser, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    endplate.ok("report", copy, "--report-details", "1")
    text = browser(copy / "report.html", tmp_path / "profile", "--dump-dom")
    page = Page(text)
    check_structure(page, 1)
    links = [e["attrs"]["href"] for e in page.find("a") if e["attrs"]["href"].startswith("recordings/")]
    assert len(links) == 2
    for link in links:
        own = Page(browser(copy / link, tmp_path / "profile", "--dump-dom"))
        assert own.find("body")[0]["attrs"]["data-ready"] == "1"
        assert len(own.find("section", class_="recording")) == 1 and own.find("figure")
    endplate.ok("report", copy)
    assert list((copy / "recordings").glob("*.html")) == []
