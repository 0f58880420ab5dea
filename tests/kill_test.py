"""kill -9 at any moment: no incomplete file under a final name, and the same line again completes the work."""

import os
import pathlib
import random
import shutil
import signal
import subprocess
import time

KILLS = 12
ENVIRONMENT = dict(os.environ, SOURCE_DATE_EPOCH="1767225600")


def group_is_running(group):
    """True while a process of this group has not ended yet; one that only waits to be collected has."""
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, member_of = stat.read_text().rpartition(") ")[2].split()[:3]
        except (OSError, ValueError):
            continue
        if int(member_of) == group and state != "Z":
            return True
    return False


def run_and_kill(command, after_s):
    """Runs `command` and kills it and its workers after this time. True if it was still running."""
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        process.wait(after_s)
        return False
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        while group_is_running(process.pid):
            time.sleep(0.01)
        return True


def timed(command):
    begin = time.monotonic()
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return time.monotonic() - begin


def contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def is_part(name):
    base = name.rsplit("/", 1)[-1]
    return base.startswith(".") and base.endswith(".part")


def test_convert(endplate, samples, tmp_path):
    source = samples / "rest_twitches.nwb"
    command = lambda target: [str(endplate.path), "convert", str(source), str(target)]
    whole = tmp_path / "whole.nwb"
    length_s = timed(command(whole))
    expected = whole.read_bytes()
    draw = random.Random(1)
    folder = tmp_path / "killed"
    folder.mkdir()
    killed = 0
    for _ in range(KILLS):
        killed += run_and_kill(command(folder / "out.nwb"), draw.uniform(0, length_s))
        for name, data in contents(folder).items():
            assert is_part(name) or data == expected, f"{name} is incomplete"
    assert killed > 0
    timed(command(folder / "out.nwb"))
    assert contents(folder) == {"out.nwb": expected}


def test_analyze(endplate, samples, tmp_path):
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    for name in ("surface_bursts.nwb", "needle_units.nwb", "motor_conduction.nwb"):
        shutil.copy(samples / name, inputs)
    out = tmp_path / "out"
    command = [str(endplate.path), "analyze", str(inputs), "--out", str(out), "--jobs", "2"]
    length_s = timed(command)
    expected = contents(out)
    results = [n for n in expected if n.startswith("recordings/")]
    assert len(results) == 3
    draw = random.Random(2)
    killed = 0
    for _ in range(KILLS):
        if draw.random() < 0.5:
            shutil.rmtree(out, ignore_errors=True)
        killed += run_and_kill(command, draw.uniform(0, length_s))
        for name, data in (contents(out) if out.exists() else {}).items():
            if name in results:
                assert data == expected[name], f"{name} is incomplete"
            if name == "report.html":
                assert data.rstrip().endswith(b"</html>")
    assert killed > 0
    timed(command)
    found = contents(out)
    clocked = ("manifest.jsonl", "run.json")  # hold how long a file took
    assert sorted(found) == sorted(expected), "files are missing or part files are left"
    for name, data in found.items():
        assert name in clocked or data == expected[name], f"{name} differs from the run that was not killed"
