"""Includes go one way (the table below), and each outside library is known in its own folder only."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent

ALLOWED = {
    "core": set(),
    "io": {"core"},
    "spectral": {"core"},
    "filter": {"core", "spectral"},
    "detect": {"core", "filter", "spectral"},
    "decompose": {"core", "filter", "spectral", "detect"},
    "measure": {"core", "filter", "spectral", "detect"},
    "simulate": {"core", "filter"},
    "score": {"core"},
}
EXTRA = {"measure/needle": {"decompose"}}
EXTERNAL = {
    "fftw3.h": lambda p: p == "libemg/spectral/fft.cpp",
    "hdf5.h": lambda p: p.startswith(("libemg/io/", "tests/io/")),
    "zlib.h": lambda p: p.startswith(("libemg/io/", "tests/io/")),
    "openssl/": lambda p: p.startswith("libemg/io/"),
    "CLI/": lambda p: p.startswith(("tools/", "tests/", "python/")),
    "toml++/": lambda p: p.startswith(("tools/", "tests/", "python/")),
    "nlohmann/": lambda p: p.startswith(("tools/", "tests/", "python/")),
    "pybind11/": lambda p: p.startswith("python/"),
    "catch2/": lambda p: p.startswith("tests/support/"),
    "benchmark/": lambda p: p.startswith("bench/"),
}


def sources():
    for folder in ("libemg", "tools", "python", "bench", "tests"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".h", ".cpp"):
                yield path.relative_to(ROOT).as_posix(), re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text(), re.M)


def edge_error(path, include):
    """Why the library file `path` may not include `include`; None if it may."""
    domain, target = path.split("/")[1], include.split("/")[1]
    if "/" not in path[len("libemg/"):]:  # emg.h, operations: all but io
        return None if not target == "io" or path == "libemg/emg.h" else "operations do not know files"
    if "/" not in include[len("libemg/"):]:
        return "a domain does not include the summary headers"
    if domain == target:
        here, there = path.split("/")[2], include.split("/")[2]
        if domain == "measure" and here != there and "." not in there:
            return "the folders of measure do not include each other"
        return None
    allowed = ALLOWED[domain] | EXTRA.get("/".join(path.split("/")[1:3]), set())
    return None if target in allowed else f"{domain} may include {', '.join(sorted(allowed)) or 'nothing'} only"


def test_includes_go_one_way():
    wrong = []
    for path, includes in sources():
        for include in includes:
            if path.startswith("libemg/") and include.startswith("libemg/"):
                error = edge_error(path, include)
                if error:
                    wrong.append(f"{path} includes {include}: {error}")
            if path.startswith("libemg/") and include.startswith(("tools/", "python/", "tests/", "bench/")):
                wrong.append(f"{path} includes {include}: the library knows none of its users")
    assert not wrong, "\n".join(wrong)


def test_outside_libraries_stay_in_their_folder():
    wrong = [f"{path} includes {include}" for path, includes in sources() for include in includes
             for name, allowed in EXTERNAL.items()
             if (include == name or (name.endswith("/") and include.startswith(name))) and not allowed(path)]
    assert not wrong, "\n".join(wrong)


def test_formatting_library_stays_out_of_headers():
    wrong = [path for path, includes in sources() if path.startswith("libemg/") and path.endswith(".h")
             and not path.endswith("_internal.h") and any(i.startswith("fmt/") for i in includes)]
    assert not wrong, wrong


def test_the_table_refuses():
    assert edge_error("libemg/core/a.h", "libemg/io/b.h")
    assert edge_error("libemg/simulate/a.cpp", "libemg/detect/b.h")
    assert edge_error("libemg/simulate/a.cpp", "libemg/spectral/fft.h")
    assert edge_error("libemg/measure/ncs/a.cpp", "libemg/measure/needle/b.h")
    assert edge_error("libemg/operations.cpp", "libemg/io/b.h")
    assert not edge_error("libemg/measure/needle/a.cpp", "libemg/decompose/b.h")
    assert not edge_error("libemg/filter/a.cpp", "libemg/spectral/fft.h")
