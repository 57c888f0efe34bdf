"""k8s_image_test: builds the four images from k8s/Dockerfile with `buildah --isolation=chroot`, on a Debian made by
debootstrap in the place of debian:bookworm-slim, and starts each of them.

usage: image.py BUILD_DIR        QUNGONG_TEST_IMAGE=  (not set)  the binaries of BUILD_DIR go into the images (a minute)
                                                      full       they are compiled in the image build (half an hour)
                                                      no         nothing is built
Where it cannot run it says why and exits 77, which ctest shows as skipped; with `full` that is a failure."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from render import ROOT
from world import SERVERS

FULL = os.environ.get("QUNGONG_TEST_IMAGE") == "full"
APT = Path("/etc/apt")


def run(*command, timeout=300, ok=(0,), **options):
    """Runs a command to its end; with another exit code than expected its last lines end the test."""
    ran = subprocess.run(
        [str(c) for c in command], capture_output=True, text=True, timeout=timeout, check=False, **options
    )
    if ran.returncode not in ok:
        tail = "\n".join((ran.stdout + ran.stderr).splitlines()[-25:])
        sys.exit(f"FAILED image: {' '.join(map(str, command[:12]))} … exited {ran.returncode}:\n{tail}")
    return ran.stdout


def obstacle(build):
    """Why no image can be built here, or ""."""
    release = Path("/etc/os-release").read_text(encoding="utf-8")
    missing = [t for t in ("buildah", "debootstrap") if not shutil.which(t)]
    absent = [n for n in SERVERS if not (build / n / n).exists()]
    if os.environ.get("QUNGONG_TEST_IMAGE") == "no":
        return "QUNGONG_TEST_IMAGE=no"
    if os.geteuid():
        return "only root can make a Debian base and enter it"
    if missing:
        return f"{' and '.join(missing)} not installed"
    if "VERSION_CODENAME=bookworm" not in release:
        return "this is not Debian 12, so what is built here would not run there"
    if absent and not FULL:
        return f"not built in {build}: {', '.join(absent)}"
    return ""


class Builder:
    """A store of images of its own, below one scratch directory."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.command = ["buildah", "--root", scratch / "store", "--runroot", scratch / "run"]

    def __call__(self, *arguments, **options):
        return run(*self.command, *arguments, **options)

    def build(self, tag, context, dockerfile, *arguments, **options):
        self(
            "build",
            "--isolation=chroot",
            "--layers",
            "--quiet",
            "--file",
            dockerfile,
            "--tag",
            f"localhost/{tag}",
            *arguments,
            context,
            **options,
        )

    def directory(self, tag, directory, target):
        """An image with one directory's files at `target`."""
        dockerfile = self.scratch / f"{tag}.Dockerfile"
        dockerfile.write_text(f"FROM scratch\nCOPY . {target}\n", encoding="utf-8")
        self.build(tag, directory, dockerfile)


def make_base(directory):
    """A minimal Debian with this machine's package sources and certificates."""
    lines = "".join(
        p.read_text(encoding="utf-8")
        for p in (*APT.glob("sources.list"), *APT.glob("sources.list.d/*"))
        if p.suffix in (".list", ".sources")
    )
    mirror = re.search(r"^(?:URIs:\s*|deb(?:\s+\[.*?\])?\s+)(\S+)", lines, re.M)
    run(
        "debootstrap",
        "--variant=minbase",
        "--include=ca-certificates",
        "bookworm",
        directory,
        *([mirror[1]] if mirror else []),
        timeout=900,
    )
    (directory / "etc/apt/sources.list").unlink(missing_ok=True)
    for source in (
        "/etc/apt/sources.list",
        "/etc/apt/sources.list.d",
        "/etc/ssl/certs",
        "/usr/local/share/ca-certificates",
    ):
        if Path(source).exists():
            run("cp", "-a", source, f"{directory}{Path(source).parent}/")
    run("find", directory / "var/cache/apt/archives", "-name", "*.deb", "-delete")


def collect_binaries(build, directory):
    directory.mkdir()
    for name in SERVERS:
        run("install", "--strip", build / name / name, directory)
    shutil.copy2(build / "protos/qungong.protoset", directory)


def unmount_all_below(directory):
    """So that it can be deleted, however the test ended."""
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    for mount in reversed([m for m in mounts if m.startswith(f"{directory}/")]):
        subprocess.run(["umount", "--lazy", mount], timeout=30, check=False)


def check_image(buildah, name):
    """What is wrong with a built image, one line each."""
    found, image = [], f"localhost/{name}"
    config = json.loads(buildah("inspect", "--type", "image", image))["OCIv1"]["config"]
    if config.get("User") != "65532:65532":
        found.append(f"runs as {config.get('User') or 'root'}")
    if config.get("Entrypoint") != [f"/usr/local/bin/{name}"]:
        found.append(f"starts {config.get('Entrypoint')}")
    container = buildah("from", image).strip()
    root = Path(buildah("mount", container).strip())
    binaries = sorted(p.name for p in (root / "usr/local/bin").iterdir())
    if binaries != [name]:
        found.append(f"holds {binaries} in /usr/local/bin")
    if ".symtab" in run("readelf", "--section-headers", "--wide", root / "usr/local/bin" / name):
        found.append("its binary is not stripped")
    installed = re.findall(r"^Package: (\S+)", (root / "var/lib/dpkg/status").read_text(encoding="utf-8"), re.M)
    found += [f"has {p} installed" for p in installed if p.endswith("-dev") or p in ("g++", "cmake", "ninja-build")]
    if name == "gateway" and not (root / "usr/share/qungong/qungong.protoset").stat().st_size:
        found.append("has no descriptors")
    answer = buildah("run", "--isolation=chroot", container, "--", f"/usr/local/bin/{name}", "--helpfull", ok=(0, 1))
    if "--admin_listen" not in answer:
        found.append(f"does not start: {answer[-300:]!r}")
    mib = int(run("du", "-sm", root).split()[0])
    buildah("rm", container)
    print(f"{name}: {mib} MiB")
    return [f"FAILED image {name}: {f}" for f in found]


def build_and_check(build, scratch):
    problems, buildah = [], Builder(scratch)
    make_base(scratch / "base")
    buildah.directory("base", scratch / "base", "/")
    arguments = ["--build-arg", "BASE=localhost/base"]
    if not FULL:
        collect_binaries(build, scratch / "out")
        buildah.directory("out", scratch / "out", "/out/")
        arguments += ["--build-arg", "BINARIES=localhost/out"]
    for target in SERVERS:
        dockerfile = ROOT / "k8s/Dockerfile"
        buildah.build(target, ROOT, dockerfile, "--target", target, *arguments, timeout=5400 if FULL else 600)
        problems += check_image(buildah, target)
    return problems


def main():
    build = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/release").resolve()
    reason = obstacle(build)
    if reason:
        print(f"{'FAILED' if FULL else 'SKIPPED'}: no image was built: {reason}")
        return 1 if FULL else 77
    with tempfile.TemporaryDirectory(prefix="qungong-image.") as scratch:
        try:
            problems = build_and_check(build, Path(scratch))
        finally:
            unmount_all_below(scratch)
    print(
        *problems,
        f"{len(SERVERS) - len({p.split(':')[0] for p in problems})} passed, "
        f"{len({p.split(':')[0] for p in problems})} failed",
        sep="\n",
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
