"""The command line as a stranger meets it: help, wrong usage, unreadable input, exit codes, what goes to which stream.

Commands, options and ranges come from `endplate list --json`, so that a new operation is covered without a line here.
"""

import json
import os
import shutil
import stat
import subprocess

import pytest

DONE, FAILED, USAGE, PARTIAL, UNREADABLE = 0, 1, 2, 3, 4


@pytest.fixture(scope="module")
def commands(endplate):
    return json.loads(endplate.ok("list", "--json"))["commands"]


@pytest.fixture(scope="module")
def files(endplate, samples, tmp_path_factory):
    """Inputs good and bad, by name."""
    folder = tmp_path_factory.mktemp("inputs")
    good = folder / "good.nwb"
    shutil.copy(samples / "surface_bursts.nwb", good)
    edf = folder / "good.edf"
    endplate.ok("convert", good, edf, "--clip")
    (folder / "empty.edf").write_bytes(b"")
    (folder / "truncated.nwb").write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    (folder / "truncated.edf").write_bytes(edf.read_bytes()[:300])
    (folder / "directory").mkdir()
    return folder


BAD = ["missing.edf", "directory", "empty.edf", "truncated.nwb", "truncated.edf"]


def file_arguments(command, path, scratch):
    """Arguments that make `command` work on `path`; None if it takes no recording file."""
    shape = command["arguments"]
    if command["name"] in ("collect", "report", "config", "list", "version", "simulate", "batch", "score", "bench"):
        return None
    if shape == "IN OUT":
        return [path, scratch / "out.nwb"]
    if shape.startswith(("PATH", "STUDY")):
        return [path, "--out", scratch / "out"]
    if command["name"] == "apply-filters":
        return [path, "--filters", path]
    return [path, "-o", scratch / "out.nwb"] if command["kind"] in ("channels", "sweeps") else [path]


def check_refusal(done, code, what):
    assert done.returncode == code, f"{what}: exit {done.returncode}, expected {code}\n{done.stderr}"
    assert done.stdout == "", f"{what}: {done.stdout!r} on standard output"
    lines = done.stderr.splitlines()
    assert 1 <= len(lines) <= 2, f"{what}: {done.stderr!r}"
    assert lines[0].startswith("endplate: error: "), lines[0]
    for word in ("std::", "terminate", "what()", "H5E", "0x7f"):
        assert word not in done.stderr, done.stderr


def test_every_command_explains_itself(endplate, commands):
    overview = endplate.ok()
    assert overview == endplate.ok("help") == endplate.ok("--help")
    for command in commands:
        name = command["name"]
        assert name in overview
        done = endplate(name, "--help")
        assert (done.returncode, done.stderr) == (DONE, ""), name
        assert done.stdout == endplate.ok("help", name)
        for table in command["options"].values():
            for option in table:
                flag = "--" + option["name"].replace("_", "-")
                assert flag in done.stdout, f"{name} {flag}"
                assert option["description"].split()[0] in done.stdout


def test_version_names_the_licence_of_the_binary(endplate):
    text = endplate.ok("--version")
    assert text == endplate.ok("version")
    assert text.startswith("endplate ")
    assert "GNU General Public License" in text


def test_unknown_words_are_refused_with_the_nearest(endplate):
    check_refusal(endplate("bandpas"), USAGE, "bandpas")
    assert "did you mean bandpass?" in endplate("bandpas").stderr
    check_refusal(endplate("xyzzy"), USAGE, "xyzzy")
    check_refusal(endplate("help", "xyzzy"), USAGE, "help xyzzy")
    done = endplate("bandpass", "x.edf", "--lowhz", "20")
    check_refusal(done, USAGE, "--lowhz")
    assert "did you mean --low-hz?" in done.stderr


def test_unknown_option_and_missing_argument(endplate, commands):
    for command in commands:
        name = command["name"]
        done = endplate(name, "--no-such-option-at-all")
        check_refusal(done, USAGE, name)
        assert "--no-such-option-at-all" in done.stderr
        if command["arguments"] and not command["arguments"].startswith("["):
            check_refusal(endplate(name), USAGE, f"{name} without arguments")


def test_values_out_of_range_name_option_value_and_range(endplate, commands, files, tmp_path):
    tried = 0
    for command in commands:
        arguments = file_arguments(command, files / "good.nwb", tmp_path)
        if arguments is None:
            continue
        for table in command["options"].values():
            for option in table:
                low, high = option["range"]
                if option["type"] not in ("number", "integer", "number_list"):
                    continue
                for bound, value in ((high, None if high is None else 2 * abs(high) + 1), (low, None if low is None else low - 1)):
                    if bound is None:
                        continue
                    flag = "--" + option["name"].replace("_", "-")
                    text = str(int(value)) if option["type"] == "integer" else repr(float(value))
                    done = endplate(command["name"], *arguments, f"{flag}={text}")
                    check_refusal(done, USAGE, f"{command['name']} {flag}={text}")
                    assert option["name"] in done.stderr.replace("-", "_"), done.stderr
                    tried += 1
    assert tried > 50


def test_texts_that_are_no_values(endplate, files, tmp_path):
    out = tmp_path / "x.nwb"
    for flags, word in ((["--low-hz", "abc"], "abc"), (["--order", "2.5"], "2.5"), (["--low-hz"], "low-hz"), (["--low-hz", "nan"], "nan"),
                        (["--low-hz", "450", "--high-hz", "20"], "low_hz"), (["--channels", "99"], "99"), (["--threads", "-1"], "threads")):
        done = endplate("bandpass", files / "good.nwb", "-o", out, *flags)
        check_refusal(done, USAGE, str(flags))
        assert word in done.stderr
    assert not out.exists()
    done = endplate("bandpass", files / "good.nwb")
    check_refusal(done, USAGE, "a signal without -o")
    assert "output" in done.stderr


@pytest.mark.parametrize("bad", BAD)
def test_unreadable_input(endplate, commands, files, tmp_path, bad):
    for command in commands:
        if command["arguments"].startswith("PATH") and bad == "directory":
            continue  # takes folders
        arguments = file_arguments(command, files / bad, tmp_path)
        if arguments is None:
            continue
        what = f"{command['name']} {bad}"
        done = endplate(command["name"], *arguments)
        if command["arguments"].startswith("PATH"):
            assert done.returncode == UNREADABLE, f"{what}: exit {done.returncode}\n{done.stderr}"
            assert bad in done.stderr + (tmp_path / "out" / "manifest.jsonl").read_text()
            continue
        check_refusal(done, UNREADABLE, what)
        assert bad in done.stderr
        assert not (tmp_path / "out.nwb").exists()


def test_failures_as_json(endplate, files, tmp_path):
    for arguments, code in ((["welch", files / "missing.edf"], UNREADABLE), (["welch", files / "good.nwb", "--segment-s", "-5"], USAGE),
                            (["bandpass", files / "good.nwb", "--no-such-option"], USAGE),
                            (["bandpass", files / "good.nwb", "-o", tmp_path / "no" / "such" / "folder" / "x.nwb"], FAILED)):
        done = endplate(*arguments, "--json")
        assert done.returncode == code, done.stderr
        document = json.loads(done.stdout)
        assert document["status"] == "failed"
        assert document["errors"][0]["message"]
        assert len(done.stderr.splitlines()) == 1


def test_unwritable_output_is_a_failure_of_the_run(endplate, files, tmp_path):
    check_refusal(endplate("bandpass", files / "good.nwb", "-o", tmp_path / "no" / "folder" / "x.nwb"), FAILED, "no folder")
    check_refusal(endplate("convert", files / "good.nwb", tmp_path / "x.unknown"), USAGE, "unknown extension")
    same = tmp_path / "same.nwb"
    shutil.copy(files / "good.nwb", same)
    before = same.read_bytes()
    assert endplate("bandpass", same, "-o", same).returncode == USAGE
    assert same.read_bytes() == before
    if os.geteuid() != 0:
        locked = tmp_path / "locked"
        locked.mkdir()
        locked.chmod(stat.S_IRUSR | stat.S_IXUSR)
        check_refusal(endplate("bandpass", files / "good.nwb", "-o", locked / "x.nwb"), FAILED, "locked folder")


def test_several_inputs_of_which_some_fail(endplate, files, tmp_path):
    good, bad = files / "good.nwb", files / "truncated.nwb"
    assert endplate("inspect", good).returncode == DONE
    assert endplate("inspect", good, bad).returncode == PARTIAL
    assert endplate("inspect", bad, files / "empty.edf").returncode == UNREADABLE
    out = tmp_path / "out"
    assert endplate("analyze", good, bad, "--out", out).returncode == PARTIAL
    rows = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    assert sorted(row["status"] for row in rows) == ["done", "failed"]
    assert (out / "report.html").is_file()


def test_results_go_to_standard_output_and_nothing_else_does(endplate, files, tmp_path):
    done = endplate("welch", files / "good.nwb")
    assert done.returncode == DONE
    lines = done.stdout.splitlines()
    header = lines[0].split("\t")
    assert header[0] == "recording_id"
    assert all(line.count("\t") == len(header) - 1 for line in lines)
    done = endplate("bandpass", files / "good.nwb", "-o", tmp_path / "x.nwb")
    assert (done.returncode, done.stdout) == (DONE, "")


def test_a_closed_pipe_ends_quietly(endplate, files):
    first = subprocess.Popen([str(endplate.path), "welch", str(files / "good.nwb")], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    first.stdout.close()
    error = first.stderr.read().decode()
    assert (first.wait(60), error) == (DONE, "")


def test_configuration_feeds_back(endplate, files, tmp_path):
    text = endplate.ok("config", "bandpass")
    toml = tmp_path / "my.toml"
    toml.write_text(text)
    for name, flags in (("a", []), ("b", ["--config", toml])):
        endplate.ok("bandpass", files / "good.nwb", "-o", tmp_path / f"{name}.nwb", "--created", "2026-01-01T00:00:00+00:00", *flags)
    assert (tmp_path / "a.nwb").read_bytes() == (tmp_path / "b.nwb").read_bytes()
    toml.write_text("[bandpass]\nlow_hz = 20\nhihg_hz = 450\n")
    done = endplate("bandpass", files / "good.nwb", "-o", tmp_path / "c.nwb", "--config", toml)
    check_refusal(done, USAGE, "misspelt key")
    assert "high_hz" in done.stderr and "3" in done.stderr


def test_flags_win_over_configuration_and_defaults(endplate, files, tmp_path):
    toml = tmp_path / "my.toml"
    toml.write_text("[bandpass]\nlow_hz = 30\norder = 2\n")
    document = json.loads(endplate.ok("bandpass", files / "good.nwb", "-o", tmp_path / "x.nwb", "--config", toml, "--low-hz", "40", "--json"))
    assert (document["options"]["low_hz"], document["options"]["order"]) == (40, 2)
