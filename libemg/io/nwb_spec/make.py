"""Makes the cached NWB specification: JSON from the YAML in the packages pynwb 2.8.2 and hdmf 3.14.5.

    python3 -m venv venv && venv/bin/pip install pynwb==2.8.2 hdmf==3.14.5 && venv/bin/python make.py

One file per namespace document, named NAMESPACE@VERSION@DOCUMENT.json, as pynwb caches them in /specifications.
"""

import importlib.util
import json
import pathlib

from ruamel.yaml import YAML

HERE = pathlib.Path(__file__).resolve().parent


def package_dir(name):
    return pathlib.Path(importlib.util.find_spec(name).origin).parent


def load(path):
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def text_of(content):
    return json.dumps(content, separators=(",", ":"), sort_keys=False)


def make(namespace_file):
    for namespace in load(namespace_file)["namespaces"]:
        prefix = f"{namespace['name']}@{namespace['version']}@"
        cached = dict(namespace)
        cached["schema"] = []
        for entry in namespace["schema"]:
            if "source" not in entry:
                cached["schema"].append({"namespace": entry["namespace"]})
                continue
            stem = entry["source"].removesuffix(".yaml")
            cached["schema"].append({"source": stem})
            (HERE / f"{prefix}{stem}.json").write_text(text_of(load(namespace_file.parent / entry["source"])), encoding="utf-8")
        (HERE / f"{prefix}namespace.json").write_text(text_of({"namespaces": [cached]}), encoding="utf-8")


def main():
    for old in HERE.glob("*.json"):
        old.unlink()
    make(package_dir("pynwb") / "nwb-schema" / "core" / "nwb.namespace.yaml")
    make(package_dir("hdmf") / "common" / "hdmf-common-schema" / "common" / "namespace.yaml")


if __name__ == "__main__":
    main()
