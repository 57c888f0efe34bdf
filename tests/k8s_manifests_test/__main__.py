"""k8s_manifests_test: renders base and both overlays and holds every document to STYLE's invariants; then breaks every
invariant once and expects it to be noticed.

usage: python3 tests/k8s_manifests_test [BUILD_DIR]     with it, the built binaries are asked which flags they know"""

import inspect
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import checks
import checks_operations
import network
from faults import FAULTS, undetected
from render import ROOT, copy_with_secrets, find_kubectl, render
from world import SERVERS, World


def all_checks():
    """The functions of one parameter called `world` that the two modules of checks define themselves."""
    found = {"network": network.check}
    for module in (checks, checks_operations):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if (
                function.__module__ == module.__name__
                and name != "max_connections"
                and list(inspect.signature(function).parameters) == ["world"]
            ):
                found[name] = function
    return found


def flags_unknown_to(build):
    """The flags that checks.py allows in manifests and a built binary does not know."""
    found = []
    for name in SERVERS:
        ran = subprocess.run(
            [build / name / name, "--helpfull"], capture_output=True, text=True, timeout=30, check=False
        )
        known = set(re.findall(r"^ +--(\w+) \(", ran.stdout, re.M))
        found += [f"{name} knows no --{f}" for f in sorted(checks.allowed_flags(name) - known)]
    return found


def main():
    project = {
        "Dockerfile": (ROOT / "k8s/Dockerfile").read_text(encoding="utf-8"),
        "qungong": (ROOT / "qungong").read_text(encoding="utf-8"),
    }
    with tempfile.TemporaryDirectory() as scratch:
        kubectl, source = find_kubectl(scratch), copy_with_secrets(scratch)
        worlds = {
            name: World(name, render(kubectl, source / path), project)
            for name, path in (("base", "base"), ("dev", "overlays/dev"), ("prod", "overlays/prod"))
        }
    by_name, failed = all_checks(), 0
    for name, check in by_name.items():
        for overlay, world in worlds.items():
            problems = check(world)
            failed += bool(problems)
            for problem in problems:
                print(f"FAILED {name}, {overlay}: {problem}")
    for problem in flags_unknown_to(Path(sys.argv[1])) if len(sys.argv) > 1 else []:
        failed += 1
        print(f"FAILED flags: {problem}")
    for problem in undetected(worlds, by_name) if not failed else []:
        failed += 1
        print(f"FAILED self-check: {problem}")
    documents = sum(len(w.docs) for w in worlds.values())
    total = len(by_name) * len(worlds) + len(FAULTS) + (len(sys.argv) > 1)
    print(f"{len(by_name)} invariants on {documents} documents, {len(FAULTS)} planted faults")
    print(f"{total - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
