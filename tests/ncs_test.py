"""Nerve conduction from the command line and from Python: operations on sweeps, the whole study, its report, threshold-tracking files."""

import csv
import io
import json
import shutil
import subprocess

import numpy
import pytest

from program import missing, shared_path

F_RATE = 20000


def rows(path_or_text):
    text = path_or_text if isinstance(path_or_text, str) else path_or_text.read_text()
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


def bump(t, width=6.0):
    """E1-negative wave of a muscle, negative peak 1."""
    down = numpy.where((t > 0) & (t < width), -numpy.sin(numpy.pi * numpy.clip(t / width, 0, 1)) ** 1.3, 0)
    after = numpy.clip((t - width) / (1.3 * width), 0, 1)
    return down + numpy.where((t >= width) & (t < 2.3 * width), 0.4 * numpy.sin(numpy.pi * after) ** 2, 0)


def artefact(t, size):
    u = numpy.clip(t - 0.2, 0, None)
    return numpy.where(t < 0, 0, numpy.where(t < 0.2, 15 * size, size * (2 * numpy.exp(-u / 0.4) - 0.4 * numpy.exp(-u / 6))))


def motor(ep, nerve, muscle, sites, velocity, rng, **more):
    t = (numpy.arange(900) - 120) / F_RATE * 1e3
    data, meta = [], {"nerve": nerve, "muscle": muscle, "channel": muscle, "side": "R", "site": [], "distance_mm": [], "temperature_c": 33.0,
                      "test": "motor", **more}
    for site, mm in sites:
        for _ in range(6):
            data.append(9000 * bump(t - 3.2 - (mm - sites[0][1]) / velocity) + artefact(t, 400) + 40 * rng.standard_normal(t.size))
            meta["site"].append(site), meta["distance_mm"].append(mm)
    return ep.Sweeps.from_numpy(numpy.array(data), rate_hz=F_RATE, zero_sample=120, metadata=meta)


def f_waves(ep, rng):
    t = (numpy.arange(1400) - 120) / F_RATE * 1e3
    data, first = [], []
    for k in range(20):
        y = 9000 * bump(t - 3.2) + artefact(t, 300) + 8 * rng.standard_normal(t.size)
        if k % 5:
            onset = 26.0 + 0.4 * (k % 7)
            u = t - onset
            y = y + 180 * numpy.where((u > 0) & (u < 7), numpy.sin(2 * numpy.pi * u / 7) * numpy.sin(numpy.pi * numpy.clip(u / 7, 0, 1)), 0)
            first.append(onset)
        data.append(y)
    meta = {"nerve": "median", "muscle": "APB", "channel": "APB", "side": "R", "site": "wrist F", "distance_mm": 70.0, "test": "f_wave"}
    return ep.Sweeps.from_numpy(numpy.array(data), rate_hz=F_RATE, zero_sample=120, metadata=meta), first


def train(ep, rng):
    t = (numpy.arange(900) - 120) / F_RATE * 1e3
    loss = [0, .14, .2, .25, .24, .23, .22, .21, .2, .19]
    data, meta = [], {"nerve": "ulnar", "muscle": "ADM", "channel": "ADM", "side": "R", "site": "wrist", "test": "repetitive",
                      "clock_s": [], "annotation": []}
    for start, note, scale in ((0, "rest", 1.0), (60, "0 s", 1.08)):
        for k, d in enumerate(loss):
            data.append(8000 * scale * (1 - d) * bump(t - 3.0) + 15 * rng.standard_normal(t.size))
            meta["clock_s"].append(start + k / 3), meta["annotation"].append(note)
    return ep.Sweeps.from_numpy(numpy.array(data), rate_hz=F_RATE, zero_sample=120, metadata=meta)


def sensory(ep, rng):
    t = (numpy.arange(500) - 120) / F_RATE * 1e3
    u = t - 2.9
    wave = -28 * (1 - (u / 0.3) ** 2) * numpy.exp(-u ** 2 / 0.18)
    data = [wave + artefact(t, 20) + 1.5 * rng.standard_normal(t.size) for _ in range(16)]
    meta = {"nerve": "median", "channel": "digit II", "side": "R", "site": "wrist", "distance_mm": 140.0, "test": "sensory"}
    return ep.Sweeps.from_numpy(numpy.array(data), rate_hz=F_RATE, zero_sample=120, metadata=meta)


@pytest.fixture(scope="module")
def study(ep, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    rng = numpy.random.default_rng(5)
    motor(ep, "median", "APB", [("wrist", 70), ("elbow", 290)], 56, rng).to_nwb(folder / "median.nwb")
    motor(ep, "ulnar", "ADM", [("wrist", 70), ("below elbow", 250), ("above elbow", 350)], 60, rng).to_nwb(folder / "ulnar.nwb")
    f_waves(ep, rng)[0].to_nwb(folder / "median_f.nwb")
    train(ep, rng).to_nwb(folder / "rns.nwb")
    sensory(ep, rng).to_nwb(folder / "sensory.nwb")
    (folder / "notes.txt").write_text("not a recording\n")
    return folder


@pytest.fixture(scope="module")
def result(endplate, study, tmp_path_factory):
    out = tmp_path_factory.mktemp("ncs") / "out"
    endplate.ok("ncs", study, "--out", out)
    return out


def table(out, name):
    return rows(next(out.glob(f"*_{name}.tsv")))


def test_a_study_folder_gives_the_numbers_put_in(result):
    by_site = {(r["nerve"], r["site"]): r for r in table(result, "ncs_motor")}
    assert float(by_site["median", "wrist"]["onset_ms"]) == pytest.approx(3.2, abs=0.1)
    assert float(by_site["median", "wrist"]["amplitude_mv"]) == pytest.approx(9, rel=0.02)
    speeds = {(r["nerve"], r["distal_site"], r["proximal_site"]): float(r["velocity_mps"] or "nan") for r in table(result, "ncs_velocity")}
    assert speeds["median", "wrist", "elbow"] == pytest.approx(56, rel=0.01)
    assert speeds["ulnar", "wrist", "below elbow"] == pytest.approx(60, rel=0.01)
    assert speeds["ulnar", "below elbow", "above elbow"] == pytest.approx(60, rel=0.02)
    snap = table(result, "ncs_sensory")[0]
    assert float(snap["peak_ms"]) == pytest.approx(2.9, abs=0.05) and float(snap["amplitude_uv"]) == pytest.approx(28, rel=0.06)
    f = table(result, "ncs_f_waves")[0]
    assert abs(int(f["f_count"]) - 16) <= 1 and float(f["f_min_ms"]) == pytest.approx(26, abs=0.3)
    trains = table(result, "ncs_repetitive")
    assert float(trains[0]["amplitude_decrement_4_pct"]) == pytest.approx(25, abs=1)
    assert float(trains[1]["facilitation_pct"]) == pytest.approx(8, abs=1) and float(trains[0]["stimulus_rate_hz"]) == pytest.approx(3)


def test_markers_say_where_they_come_from(result):
    markers = table(result, "ncs_markers")
    assert len(markers) > 20
    for marker in markers:
        assert marker["source"] == "automatic" and marker["method"] and marker["version"], marker


def test_manual_markers_override_and_survive(endplate, ep, study, tmp_path):
    hand = tmp_path / "hand.tsv"
    hand.write_text("channel\tnerve\tside\tmuscle\tsite\tmarker\ttime_ms\tedited_by\nAPB\tmedian\tR\tAPB\telbow\tonset\t7.5\tAB\n")
    out = tmp_path / "out"
    endplate.ok("ncs", study, "--out", out, "--markers", hand)
    for _ in range(2):  # the second time without the table: the result file holds the marker
        manual = [m for m in table(out, "ncs_markers") if m["source"] == "manual"]
        assert [(m["site"], m["time_ms"], m["edited_by"]) for m in manual] == [("elbow", "7.5", "AB")]
        assert [r["onset_ms"] for r in table(out, "ncs_motor") if r["nerve"] == "median" and r["site"] == "elbow"] == ["7.5"]
        endplate.ok("ncs", study, "--out", out)
    again = ep.ncs(out / f"{study.name}.nwb")
    assert "manual" in list(again.markers.source)


def test_f_waves_of_the_simulator_begin_where_its_axons_answer(endplate, ep, tmp_path):
    for seed in range(1, 7):
        path = tmp_path / f"f{seed}.nwb"
        endplate.ok("simulate", "f-wave", "--seed", seed, "--sweep-count", 20, "--noise-uv", 3 + 5 * (seed % 2), "--out", path)
        file = ep.RecordingFile(path)
        truth = numpy.asarray(file.tables["truth_sweeps"].late_latency_ms, float)  # NaN: no axon answers
        row = ep.f_waves(file.sweeps, window_ms=(19, 55))
        assert abs(row.f_count[0] - numpy.isfinite(truth).sum()) <= 1, seed
        assert row.f_min_ms[0] == pytest.approx(numpy.nanmin(truth), abs=0.3), seed


def test_two_recordings_of_one_place_are_no_segment(endplate, ep, tmp_path):
    rng = numpy.random.default_rng(8)
    motor(ep, "median", "APB", [("wrist", 70), ("elbow", 290)], 56, rng).to_nwb(tmp_path / "a.nwb")
    motor(ep, "median", "APB", [("wrist", 70)], 56, rng).to_nwb(tmp_path / "b.nwb")
    endplate.ok("ncs", tmp_path / "a.nwb", tmp_path / "b.nwb", "--out", tmp_path / "out")
    for name in ("ncs_velocity", "ncs_segments"):
        assert [(r["distal_site"], r["proximal_site"]) for r in table(tmp_path / "out", name)] == [("wrist", "elbow")]
    assert table(tmp_path / "out", "ncs_velocity")[0]["residual_latency_ms"]


def test_missing_metadata_is_named(endplate, ep, tmp_path):
    rng = numpy.random.default_rng(1)
    whole = motor(ep, "median", "APB", [("wrist", 70), ("elbow", 290)], 56, rng)
    bare = ep.Sweeps.from_numpy(whole.data, rate_hz=F_RATE, zero_sample=120, metadata={"site": list(whole.metadata.site)})
    bare.to_nwb(tmp_path / "bare.nwb")
    endplate.ok("ncs", tmp_path / "bare.nwb", "--out", tmp_path / "out")
    assert float(table(tmp_path / "out", "ncs_motor")[0]["amplitude_mv"]) == pytest.approx(9, rel=0.02)
    said = [(r["status"], r["reason"]) for r in table(tmp_path / "out", "ncs_steps")]
    assert ("not_assessable", "distance missing") in said


def test_limits_and_criteria_are_the_users(endplate, study, tmp_path):
    limits, criteria = tmp_path / "limits.tsv", tmp_path / "criteria.tsv"
    limits.write_text("measure\tnerve\tlower\tupper\tsource\n"
                      "motor_velocity_mps\tmedian\t58\t\tour laboratory\nmotor_latency_ms\tmedian\t\t4.0\tours\n")
    criteria.write_text("set\trule\tmeasure\trelation\tfactor\treference\nmine\tslow\tmotor_velocity_mps\t<\t100\tLLN\n")
    endplate.ok("ncs", study, "--out", tmp_path / "out", "--limits", limits, "--criteria", criteria)
    found = {(r["measure"], r["nerve"], r["site"]): r["result"] for r in table(tmp_path / "out", "ncs_limits")}
    assert found["motor_velocity_mps", "median", "wrist - elbow"] == "below"
    assert found["motor_velocity_mps", "ulnar", "wrist - below elbow"] == "not_assessable (no limit)"
    assert any(r["rule"] == "slow" and r["result"] == "met" and r["nerve"] == "median" for r in table(tmp_path / "out", "ncs_criteria"))
    limits.write_text("measure\tlower\nspeed\t58\n")
    done = endplate("ncs", study, "--out", tmp_path / "bad", "--limits", limits)
    assert done.returncode != 0 and "line 2" in done.stderr and "speed" in done.stderr


def test_the_report_is_a_page(result, tmp_path):
    page = result / "report.html"
    text = page.read_text()
    for word in ("Motor nerve conduction", "Sensory nerve conduction", "Conduction velocity", "F waves",
                 "Repetitive stimulation", "Change from distal to proximal", "Provenance"):
        assert word in text, word
    assert text.count("<figure") >= 5
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        missing("chromium is not installed")
    command = [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}", "--virtual-time-budget=10000",
               "--enable-logging=stderr", "--window-size=1200,2400", "--dump-dom", page.resolve().as_uri()]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0
    assert not [line for line in done.stderr.decode(errors="replace").splitlines() if "CONSOLE" in line]
    dom = done.stdout.decode()
    body = dom[dom.index("<body"):dom.index(">", dom.index("<body"))]
    assert 'data-ready="1"' in body
    width, inner = (int(body.split(f'data-{name}="')[1].split('"')[0]) for name in ("scroll-width", "inner-width"))
    assert width <= inner, "the page scrolls sideways"


def test_equal_studies_give_equal_reports(endplate, study, result, tmp_path):
    endplate.ok("ncs", study, "--out", tmp_path / "out")
    assert (tmp_path / "out" / "report.html").read_bytes() == (result / "report.html").read_bytes()


def test_operations_on_sweeps_are_the_same_on_both_faces(endplate, ep, study, tmp_path):
    listed = [c for c in json.loads(endplate.ok("list", "--json"))["commands"] if c["kind"] in ("sweeps", "sweep_rows")]
    assert len(listed) >= 15
    f, h = {"window_ms": (20, 60)}, {"h_window_ms": (20, 40)}
    options = {"f_waves": f, "f_wave_sweeps": f, "a_waves": f, "h_reflex": h, "h_reflex_sweeps": h,
               "mep": {"onset_low_ms": 2, "onset_high_ms": 8, "baseline_low_ms": -6, "baseline_high_ms": -1}}
    for operation in listed:
        name = operation["name"].replace("-", "_")
        if name in ("blink", "inching", "silent_period"):  # need channels, places or a background of their own
            continue
        path = study / ("median_f.nwb" if name in options and name != "mep" else "rns.nwb" if name == "rns" else "median.nwb")
        sweeps = ep.open(path).sweeps
        given = options.get(name, {})
        flags = [f"--{k.replace('_', '-')}={','.join(map(str, v)) if isinstance(v, tuple) else v}" for k, v in given.items()]
        made = getattr(ep, name)(sweeps, **given)
        if operation["kind"] == "sweeps":
            endplate.ok(operation["name"], path, "-o", tmp_path / f"{name}.nwb", *flags)
            stored = ep.open(tmp_path / f"{name}.nwb").sweeps
            assert numpy.allclose(stored.data, made.data, rtol=1e-6, atol=1e-2), name
            continue
        typed = rows(endplate.ok(operation["name"], path, *flags))
        assert len(typed) == len(made), name
        for column in made.keys():
            values = getattr(made, column)
            for cell, value in zip((r[column] for r in typed), values):
                if isinstance(value, str):
                    assert cell == value, (name, column)
                elif cell in ("true", "false"):
                    assert (cell == "true") == bool(value), (name, column)
                else:
                    assert (cell == "" and value != value) or float(cell) == float(value), (name, column)


def test_python_gives_the_tables_of_the_command(ep, study, result):
    made = ep.ncs(study)
    assert {r["onset_ms"] for r in table(result, "ncs_motor")} == {f"{v!r}" if v == v else "" for v in map(float, made.motor.onset_ms)}
    assert "motor" in dir(made) and "velocity" in repr(made)
    with pytest.raises(AttributeError):
        made.nothing
    with pytest.raises(ValueError, match="no sweeps"):
        ep.ncs([])
    with pytest.raises(TypeError, match="takes Sweeps"):
        ep.m_wave(numpy.zeros((2, 1000)), rate_hz=20000)
    with pytest.raises(ValueError, match="units"):
        ep.Sweeps.from_numpy(numpy.zeros((2, 10)), rate_hz=1000, zero_sample=0, units="parsec")


def test_scans_and_excitability_of_real_files(endplate, ep):
    scans = shared_path("cmapscan_caedm", "scans")
    found = rows(endplate.ok("cmap-scan", scans))
    assert len(found) == 30 and all(r["error"] == "" and r["stepix"] for r in found)
    assert all("NC" not in r["name"] for r in found)
    one = sorted(scans.glob("*.MEM"))[0]
    assert int(ep.cmap_scan(one).stepix[0]) == int(next(r for r in found if r["recording_id"] == one.stem)["stepix"])
    folder = shared_path("nerve_excitability_nervenorms")
    files = [folder / f"{name}.MEM" for name in ("FESB70821A", "FESB70821B", "rat")]
    found = {r["recording_id"]: r for r in rows(endplate.ok("excitability", *files))}
    assert float(found["FESB70821A"]["rheobase_ma"]) == pytest.approx(4.026, abs=6e-4)
    assert float(found["FESB70821B"]["strength_duration_ms"]) == pytest.approx(0.402, abs=6e-4)
    records = rows(endplate.ok("excitability", folder / "participants.json"))
    assert len(records) == 194 and all(r["error"] == "" for r in records)


def test_evoked_potentials_of_real_sweeps(ep):
    """Amplitude, response and area of 332 scored sweeps; latency as a distribution."""
    scipy_io = pytest.importorskip("scipy.io")
    folder = shared_path("mepfeatx")
    meta = {r["ID"]: r for r in csv.DictReader((folder / "metadata.csv").open())}
    scored = equal = response = close = 0
    first_close = []
    for number in range(1, 7):
        name = f"ID{number:02d}"
        data = scipy_io.loadmat(folder / "data" / f"{name}.mat")["meps"].T
        features = list(csv.DictReader((folder / "features" / f"{name}_features.csv").open()))
        low, high = (18, 28) if meta[name]["Muscle"] == "FDI" else (25, 42)
        sweeps = ep.Sweeps.from_numpy(data, rate_hz=3000, zero_sample=150)
        found = ep.mep(sweeps, onset_low_ms=low, onset_high_ms=high)
        for k, row in enumerate(features):
            amplitude = float(row["Amplitude"]) if row["Amplitude"] not in ("", "NaN") else None
            if amplitude is None:
                assert found.amplitude_uv[k] > 700
                continue
            response += bool(found.response[k]) == (amplitude > 0)
            if amplitude == 0:
                continue
            scored += 1
            equal += abs(found.amplitude_uv[k] / amplitude - 1) < 1e-12
            near = abs(found.latency_ms[k] - float(row["Latency"])) < 1
            close += near
            if number == 1:
                first_close.append(near)
    assert (scored, equal, response) == (309, 309, 331)
    assert close / scored >= 0.85 and numpy.mean(first_close) >= 0.99


def test_limits_as_toml_are_those_of_the_table(endplate, study, tmp_path):
    tsv, toml = tmp_path / "l.tsv", tmp_path / "l.toml"
    tsv.write_text("measure\tnerve\tlower\tsource\nmotor_velocity_mps\tmedian\t57\tours\nmotor_amplitude_mv\tulnar\t4\tours\n")
    toml.write_text('[[limits]]\nmeasure = "motor_velocity_mps"\nnerve = "median"\nlower = 57\nsource = "ours"\n\n'
                    '[[limits]]\nmeasure = "motor_amplitude_mv"\nnerve = "ulnar"\nlower = 4.0\nsource = "ours"\n')
    compared = []
    for limits in (tsv, toml):
        endplate.ok("ncs", study, "--out", tmp_path / limits.suffix[1:], "--limits", limits)
        compared.append([{**r, "line": ""} for r in table(tmp_path / limits.suffix[1:], "ncs_limits")])
    assert compared[0] == compared[1] and {r["result"] for r in compared[0]} >= {"below", "inside"}
    toml.write_text(toml.read_text().replace("motor_amplitude_mv", "motor_amplitude_uv"))
    result = endplate("ncs", study, "--out", tmp_path / "wrong", "--limits", toml)
    assert result.returncode and "line 7" in result.stderr and "motor_amplitude_mv" in result.stderr
