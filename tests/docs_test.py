"""Every example of the documentation runs.

In all .md files: `console` blocks (lines with "$ " are run by sh in a scratch folder with the sample recordings, the lines after them are what
must be printed, "..." matches anything) and `python` blocks (run one after the other within a file). Links inside the repository must exist.
"""

import os
import pathlib
import re
import subprocess
import sys

import pytest
from program import ROOT, BUILD, import_endplate

PAGES = sorted(p for p in ROOT.rglob("*.md") if not {"build", ".git", "venv", "node_modules"} & set(p.relative_to(ROOT).parts[:-1]))
FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.M | re.S)


def ids(page):
    return page.relative_to(ROOT).as_posix()


def blocks(page, language):
    text = page.read_text(encoding="utf-8")
    return [(text[: m.start()].count("\n") + 1, m.group(2)) for m in FENCE.finditer(text) if m.group(1) == language]


def scratch_folder(samples, tmp_path):
    for path in samples.iterdir():
        (tmp_path / path.name).symlink_to(path)
    return tmp_path


def console_steps(block):
    """(command, expected output) of each "$ " line; a line that ends in a backslash goes on."""
    steps = []
    for line in block.splitlines():
        if line.startswith("$ "):
            steps.append([line[2:], []])
        elif steps and not steps[-1][1] and steps[-1][0].endswith("\\"):
            steps[-1][0] += "\n" + line
        elif steps:
            steps[-1][1].append(line)
    return steps


def matches(expected, printed):
    pattern = r"\s*".join(".*".join(map(re.escape, line.split("..."))) if line.strip() != "..." else r"[\s\S]*" for line in expected)
    return re.fullmatch(r"\s*" + pattern.replace(".*", "[^\n]*") + r"\s*", printed)


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "console")], ids=ids)
def test_console_blocks(page, endplate, samples, tmp_path):
    scratch = scratch_folder(samples, tmp_path)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "endplate").symlink_to(endplate.path)
    env = dict(os.environ, PATH=f"{programs}{os.pathsep}{os.environ['PATH']}")
    for line, block in blocks(page, "console"):
        for command, expected in console_steps(block):
            done = subprocess.run(command, shell=True, cwd=scratch, env=env, capture_output=True, text=True, check=False, timeout=300)
            where = f"{ids(page)}:{line}: $ {command}"
            printed = done.stdout + done.stderr
            if not any(text.startswith("endplate: error") for text in expected):
                assert done.returncode == 0, f"{where}: exit {done.returncode}\n{printed}"
            if expected:
                assert matches(expected, printed), f"{where}\nexpected:\n" + "\n".join(expected) + f"\nprinted:\n{printed}"


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "python")], ids=ids)
def test_python_blocks(page, samples, tmp_path):
    import_endplate()
    scratch = scratch_folder(samples, tmp_path)
    script = scratch / "page.py"
    script.write_text("\n".join(code for _, code in blocks(page, "python")))
    path = os.pathsep.join([str(BUILD / "python"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run([sys.executable, str(script)], cwd=scratch, env=dict(os.environ, PYTHONPATH=path, MPLBACKEND="agg"),
                          capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"{ids(page)}\n{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_links_and_letters(page):
    text = page.read_text(encoding="utf-8")
    assert text.isascii(), f"{ids(page)} is not ASCII: {[c for c in text if ord(c) > 127][:5]}"
    broken = [link for link in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", text))
              if not re.match(r"(https?:|mailto:|#)", link) and not (page.parent / link.split("#")[0]).exists()]
    assert not broken, f"{ids(page)}: {broken}"


def test_the_matcher():
    assert matches(["a ... c"], "a b c\n")
    assert not matches(["a ... c"], "a b\nc\n")
    assert matches(["first", "...", "last"], "first\n1\n2\nlast\n")
    assert not matches(["first"], "first\nsecond\n")
    assert console_steps("$ one \\\n  two\nout\n$ three\n") == [["one \\\n  two", ["out"]], ["three", []]]
