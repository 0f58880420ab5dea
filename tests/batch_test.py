"""Many files: bad ones are rows, shards are disjoint and complete, runs resume, order and number of workers do not matter."""

import hashlib
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest
from program import endplate_path

FILES, BROKEN = 60, 5


def run(*words, **options):
    return subprocess.run([str(endplate_path()), *map(str, words)], capture_output=True, text=True, **options)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """FILES short recordings, BROKEN of them damaged, in two sub-folders."""
    root = tmp_path_factory.mktemp("many")
    seed = root / "seed.nwb"
    assert run("simulate", "surface", "--duration-s", 2, "--out", seed).returncode == 0
    assert run("convert", seed, root / "seed.edf").returncode == 0
    whole = (root / "seed.edf").read_bytes()
    for made in root.glob("seed*"):
        made.unlink()
    for i in range(FILES):
        path = root / ("a" if i % 2 else "b") / f"rec{i:03d}.edf"
        path.parent.mkdir(exist_ok=True)
        # A patient field of its own makes every file's bytes its own; a broken one has no number of signals.
        data = whole[:8] + f"X X X subject{i:03d}".encode().ljust(80) + whole[88:]
        path.write_bytes(data if i % (FILES // BROKEN) else data[:252] + b"????" + data[256:])
    return root


def manifest(out):
    entries = {}
    for path in sorted(pathlib.Path(out).glob("manifest*.jsonl")):
        for line in path.read_text().splitlines():
            if line:
                entry = json.loads(line)
                entries[entry["id"]] = entry
    return entries


def digest(out):
    """Everything that must not depend on how the run went. Creation times are fixed by SOURCE_DATE_EPOCH."""
    files = sorted(p for p in pathlib.Path(out).rglob("*") if p.is_file() and not p.name.startswith("manifest"))
    return {str(p.relative_to(out)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module", autouse=True)
def fixed_time():
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = "1700000000"
    yield
    os.environ.pop("SOURCE_DATE_EPOCH")
    if before is not None:
        os.environ["SOURCE_DATE_EPOCH"] = before


@pytest.fixture(scope="module")
def whole(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "out"
    done = run("analyze", folder, "--out", out, "-j", 2)
    assert done.returncode == 3, done.stderr
    return out


def test_broken_files_are_rows(whole):
    entries = manifest(whole)
    failed = {k: e for k, e in entries.items() if e["status"] == "failed"}
    assert len(entries) == FILES and len(failed) == BROKEN
    assert all("252" in e["reason"] and e["error"]["byte"] == 252 for e in failed.values())
    assert len((whole / "tables" / "recordings.tsv").read_text().splitlines()) == FILES - BROKEN + 1


def test_workers_and_order_do_not_matter(folder, whole, tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text("".join(f"{p}\n" for p in (folder / "b", folder / "a")))
    assert run("analyze", folder, "--out", tmp_path / "one", "-j", 1).returncode == 3
    ours, other = digest(whole), digest(tmp_path / "one")
    assert {k: v for k, v in ours.items() if k != "run.json"} == {k: v for k, v in other.items() if k != "run.json"}
    assert run("analyze", f"@{listed}", "--out", tmp_path / "two").returncode == 3
    assert len(manifest(tmp_path / "two")) == FILES


def test_second_run_computes_nothing(folder, whole):
    before = digest(whole)
    done = run("analyze", folder, "--out", whole)
    assert done.returncode == 3 and f"{FILES} unchanged" in done.stdout
    assert digest(whole) == before
    victim = next((whole / "recordings").glob("*.nwb"))
    victim.unlink()
    done = run("analyze", folder, "--out", whole)
    assert f"{FILES - 1} unchanged" in done.stdout
    assert digest(whole) == before


@pytest.mark.parametrize("count", [1, 7])
def test_shards(folder, whole, tmp_path, count):
    out = tmp_path / "out"
    seen = []
    for i in range(count):
        run("analyze", folder, "--out", out, "--shard", f"{i}/{count}")
        name = "manifest.jsonl" if count == 1 else f"manifest-{i}-of-{count}.jsonl"
        seen += [json.loads(line)["id"] for line in (out / name).read_text().splitlines()]
    assert len(seen) == len(set(seen)) == FILES
    ours, joined = digest(whole), digest(out)
    for table in (k for k in ours if k.startswith("tables/recordings")):
        assert ours[table] == joined[table]


def test_killed_half_way(folder, whole, tmp_path):
    out = tmp_path / "out"
    process = subprocess.Popen([str(endplate_path()), "analyze", str(folder), "--out", str(out), "-j", "2"], start_new_session=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(manifest(out)) < FILES // 4 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert run("analyze", folder, "--out", out, "-j", "2").returncode == 3
    ours, resumed = digest(whole), digest(out)
    assert {k: v for k, v in ours.items() if k != "run.json"} == {k: v for k, v in resumed.items() if k != "run.json"}


def test_batch_of_an_operation_and_collect(folder, tmp_path):
    out = tmp_path / "out"
    done = run("batch", "noise-level", "--method", "mad", folder, "--out", out, "-j", 2)
    assert done.returncode == 3, done.stderr
    collected = run("collect", out, "--table", "noise_level", "-o", tmp_path / "all.csv")
    assert collected.returncode == 0, collected.stderr
    lines = (tmp_path / "all.csv").read_text().splitlines()
    assert lines[0].startswith("recording_id,channel,") and "noise_uv" in lines[0] and len(lines) > FILES - BROKEN
    assert run("batch", "nothing", folder, "--out", out).returncode == 2
    assert run("batch", "noise-level", "--metod", "mad", folder, "--out", out).returncode == 2


def test_tables_with_other_columns_are_united(tmp_path):
    for name, text in (("a", "recording_id\tcount\tname\nx\t3\tp\n"), ("b", "recording_id\tlevel_uv\tcount\ny\t0.5\t4\n")):
        (tmp_path / name / "tables").mkdir(parents=True)
        (tmp_path / name / "tables" / "t.tsv").write_text(text)
    refused = run("collect", tmp_path / "a", tmp_path / "b", "--table", "t")
    assert refused.returncode != 0 and "table t" in refused.stderr
    done = run("collect", tmp_path / "a", tmp_path / "b", "--table", "t", "--union-columns", "-o", tmp_path / "all.tsv")
    assert done.returncode == 0, done.stderr
    lines = [line.split("\t") for line in (tmp_path / "all.tsv").read_text().splitlines()]
    assert sorted(lines[0]) == ["count", "level_uv", "name", "recording_id"]
    cells = [dict(zip(lines[0], line)) for line in lines[1:]]
    assert cells[0] == {"recording_id": "x", "count": "3", "name": "p", "level_uv": ""}
    assert cells[1] == {"recording_id": "y", "count": "4", "name": "", "level_uv": "0.5"}
