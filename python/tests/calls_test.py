"""Keywords, their types, hints, signatures, documentation, errors, progress, interruption."""

import inspect
import json
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest


def test_every_operation_of_the_registry_is_a_function(ep):
    names = [c["name"].replace("-", "_") for c in ep.describe()["commands"]]
    assert "bandpass" in names and "detect_spikes" in names
    for name in names:
        function = getattr(ep, name)
        assert callable(function) and function.__name__ == name and name in ep.__all__


def test_signature_shows_keywords_and_defaults(ep):
    signature = inspect.signature(ep.bandpass)
    parameters = signature.parameters
    assert list(parameters)[:3] == ["signal", "rate_hz", "low_hz"]
    assert parameters["low_hz"].default == 20.0 and parameters["threads"].default == 1
    assert all(p.kind is p.KEYWORD_ONLY for n, p in parameters.items() if n != "signal")
    assert inspect.signature(ep.read).parameters["stop_s"].default is None


def test_docstring_holds_every_option(ep):
    for record in ep.describe()["commands"]:
        doc = getattr(ep, record["name"].replace("-", "_")).__doc__
        for field in next(iter(record["options"].values())):
            assert f"{field['name']} : " in doc and field["description"] in doc


@pytest.mark.parametrize("name", ["bandpass", "detect_spikes", "welch", "noise_level"])
def test_docstring_example_runs(ep, name):
    lines = [line[4:] for line in getattr(ep, name).__doc__.splitlines() if line.startswith(">>> ")]
    scope = {}
    exec("\n".join(lines), scope)
    assert len(lines) == 3 and scope["result"] is not None


@pytest.mark.parametrize("other", ["fs", "sfreq", "sampling_rate", "sampling_frequency"])
def test_other_names_of_the_rate_are_hinted_at(ep, noise, other):
    with pytest.raises(TypeError, match=f"unexpected keyword '{other}'; did you mean rate_hz\\?"):
        ep.bandpass(noise, **{other: 2000})
    with pytest.raises(TypeError, match="did you mean rate_hz"):
        ep.read("a.edf", **{other: 2000})


def test_misspelt_options_are_hinted_at(ep, noise):
    with pytest.raises(TypeError, match="did you mean low_hz"):
        ep.bandpass(noise, rate_hz=2000, low_h=20)


def test_everything_but_the_signal_is_a_keyword(ep, noise):
    with pytest.raises(TypeError, match="only positional argument"):
        ep.bandpass(noise, 2000)
    with pytest.raises(TypeError, match="needs rate_hz"):
        ep.bandpass(noise)


@pytest.mark.parametrize("keyword, value, accepted", [
    ("low_hz", "20", "a number"), ("low_hz", None, "None"), ("low_hz", [20], "a number"), ("low_hz", True, "a number"),
    ("order", 2.5, "integer"), ("order", "4", "an integer"), ("zero_phase", 1, "True or False"), ("initial", 3, "text"),
    ("threads", "2", "an integer"), ("rate_hz", "2000", "a number"), ("layout", 1, "text")])
def test_wrong_types_name_keyword_and_accepted_types(ep, noise, keyword, value, accepted):
    with pytest.raises((TypeError, ep.InvalidArgument), match=f"{keyword}.*{accepted}"):
        ep.bandpass(noise, **{"rate_hz": 2000, keyword: value})


def test_numbers_of_any_make(ep, noise):
    expected = ep.bandpass(noise, rate_hz=2000.0, low_hz=20.0, order=4)
    for number in (np.float32, np.int16, np.float64, int):
        assert np.array_equal(expected, ep.bandpass(noise, rate_hz=number(2000), low_hz=number(20), order=4))
    assert np.array_equal(expected, ep.bandpass(noise, rate_hz=2000, order=4.0, zero_phase=np.True_))


def test_values_out_of_range_name_value_and_range(ep, noise):
    with pytest.raises(ep.InvalidArgument, match=r"order 99 is outside the allowed range: \[1, 12\]"):
        ep.bandpass(noise, rate_hz=2000, order=99)
    with pytest.raises(ValueError, match="did you mean steady"):
        ep.bandpass(noise, rate_hz=2000, initial="stedy")


def test_errors_have_their_place(ep, tmp_path):
    assert issubclass(ep.InvalidArgument, (ep.Error, ValueError)) and issubclass(ep.NumericalError, ArithmeticError)
    with pytest.raises(OSError) as caught:
        ep.read(tmp_path / "missing.edf")
    error = caught.value
    assert isinstance(error, ep.FileError) and error.path.endswith("missing.edf") and error.byte == -1 and "missing.edf" in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.path, again.byte) == (str(error), error.path, error.byte)


def test_unreadable_files_are_refused(ep, tmp_path):
    (tmp_path / "empty.edf").write_bytes(b"")
    for path in (tmp_path, tmp_path / "empty.edf"):
        with pytest.raises(ep.FileError):
            ep.read(path)


def test_operations_pickle_by_name(ep):
    assert pickle.loads(pickle.dumps(ep.bandpass)) is ep.bandpass
    assert pickle.loads(pickle.dumps(ep.read)) is ep.read


def test_progress_is_called_and_changes_no_bit(ep):
    data = np.random.default_rng(3).standard_normal((3, 900_000))
    calls = []
    result = ep.bandpass(data, rate_hz=2000, progress=lambda *a: calls.append(a))
    assert np.array_equal(result, ep.bandpass(data, rate_hz=2000))
    assert calls[0] == (0, 900_000, "bandpass") and calls[-1] == (900_000, 900_000, "bandpass") and len(calls) > 2
    with pytest.raises(TypeError, match="progress must be"):
        ep.bandpass(data, rate_hz=2000, progress=3)


def test_progress_may_stop_the_work(ep):
    def stop(done, total, stage):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ep.bandpass(np.zeros((1, 10_000)), rate_hz=2000, progress=stop)


def test_control_c_is_seen_between_blocks(ep):
    data = np.zeros((1, 1 << 22))

    def press(done, total, stage):
        if done:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job starts with the signal ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            ep.bandpass(data, rate_hz=2000, progress=press)
    finally:
        signal.signal(signal.SIGINT, before)


def test_threads_of_python_give_the_same_bits(ep):
    data = [np.random.default_rng(i).standard_normal((4, 100_000)) for i in range(4)]
    expected = [ep.bandpass(x, rate_hz=2000) for x in data]
    results = [None] * 4

    def work(i):
        results[i] = ep.bandpass(data[i], rate_hz=2000)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(a, b) for a, b in zip(expected, results))


def test_the_lock_is_free_while_computing(ep):
    data = np.random.default_rng(4).standard_normal((16, 400_000))
    ticks, done = [], threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    ticker = threading.Thread(target=tick)
    ticker.start()
    start = time.perf_counter()
    ep.bandpass(data, rate_hz=2000)
    stop = time.perf_counter()
    done.set()
    ticker.join()
    assert sum(start < t < stop for t in ticks) > 2


SPAWNED = """
import multiprocessing, sys
import numpy as np
import endplate as ep

def work(recording):
    return ep.bandpass(recording, threads=2)

if __name__ == "__main__":
    recording = ep.from_numpy(np.random.default_rng(1).standard_normal((9, 2000)), rate_hz=2000, channels=list("abcdefghi"))
    expected = ep.bandpass(recording, threads=3)
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        assert all(r == expected for r in pool.map(work, [recording] * 3))
        assert all(r == expected for r in pool.map(ep.bandpass, [recording] * 3))
    print("same")
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_after_a_threaded_call(ep, tmp_path, method):
    if method not in __import__("multiprocessing").get_all_start_methods():
        pytest.skip(f"no {method} here")
    script = tmp_path / "script.py"
    script.write_text(SPAWNED)
    done = subprocess.run([sys.executable, str(script), method], capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.stdout == "same\n", done.stderr


@pytest.mark.parametrize("order", ["h5py, endplate", "endplate, h5py"])
def test_both_orders_of_import(ep, order, tmp_path, needed):
    needed("h5py")
    code = f"import {order}\nimport numpy as np\nrec = endplate.from_numpy(np.arange(40.).reshape(2, 20), rate_hz=1000)\n"
    code += "endplate.write(rec, 'a.nwb')\nf = h5py.File('a.nwb')\nprint(f.attrs['nwb_version'])\nf.close()\n"
    code += "h5py.File('b.h5', 'w').create_dataset('d', data=[1.0, 2.0])\nprint(endplate.read('a.nwb').shape)\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 0 and "(2, 20)" in done.stdout, done.stderr


def test_import_brings_no_large_package_and_prints_nothing(ep, tmp_path):
    code = "import sys, endplate\nassert not {'pandas', 'matplotlib', 'xarray', 'scipy', 'h5py'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_too_old_binding_layer_is_refused(ep):
    from endplate import _core

    assert "pybind11 2.10" in _core.layer_problem(2, 10, "2.4.6")
    assert _core.layer_problem(2, 10, "1.26.4") == ""
    assert _core.layer_problem(2, 12, "2.0.0") == "" and _core.layer_problem(3, 1, "2.4.6") == ""


def test_version_and_configuration(ep, capsys):
    assert ep.version() == ep.__version__ == ep.describe()["endplate"]
    ep.show_config()
    assert "GNU General Public License" in capsys.readouterr().out


def test_generated_files_are_fresh(ep):
    script = pathlib.Path(__file__).resolve().parents[2] / "tools" / "generate.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, cwd=script.parents[1], timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_program_describes_the_same_operations(ep, missing):
    default = pathlib.Path(os.environ.get("EMG_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build")) / "tools" / "endplate"
    program = pathlib.Path(os.environ.get("ENDPLATE", default))
    if not program.is_file():
        missing(f"the program is not built: {program}")
    document = json.loads(subprocess.run([str(program), "list", "--json"], capture_output=True, text=True, check=True, timeout=60).stdout)
    listed = {c["name"]: c for c in document["commands"]}
    for record in ep.describe()["commands"]:
        name = record["name"].replace("-", "_")
        same = listed[record["name"]]
        assert same["options"][name] == record["options"][name] and same["results"] == record["results"], name
        assert same["options"]["input"] == ep.describe()["input"]


EXAMPLE = '''import numpy as np
import numpy.typing as npt
import endplate as ep

x: npt.NDArray[np.float64] = np.zeros((2, 100))
y: npt.NDArray[np.float64] = ep.bandpass(x, rate_hz=2000, low_hz=20, high_hz=450)
rec: ep.Recording = ep.from_numpy(x, rate_hz=2000, units="mV", channels=["a", "b"])
clean: ep.Recording = ep.bandpass(rec, low_hz=20)
spikes: ep.Events = ep.detect_spikes(clean, factor=5.0, noise="mad")
first: int = int(spikes.sample[0])
rate: float = rec.rate_hz
with ep.open("big.nwb", start_s=1) as f:
    for block in f.blocks(seconds=10):
        spectrum: ep.Arrays = ep.welch(block)
ep.write(clean, "clean.nwb", dtype="float32")
'''


def test_mypy_strict_passes_on_an_example_and_sees_mistakes(ep, tmp_path, needed):
    needed("mypy")
    package = pathlib.Path(ep.__file__).parent
    (tmp_path / "good.py").write_text(EXAMPLE)
    (tmp_path / "bad.py").write_text("import endplate as ep\nep.bandpass([1.0], fs=2000)\n")
    environment = {**os.environ, "MYPYPATH": str(package.parent)}
    run = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache")]
    good = subprocess.run([*run, "good.py"], capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=300)
    assert good.returncode == 0, good.stdout + good.stderr
    bad = subprocess.run([*run, "bad.py"], capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=300)
    assert bad.returncode == 1 and "fs" in bad.stdout
