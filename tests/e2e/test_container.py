# SPDX-License-Identifier: Apache-2.0
"""The container recipe, as far as it can be tried without a container runtime.

What it copies is there and let in, what it installs is locked, and what its last steps build starts
from a folder that nobody may write to, without a home and without a kubeconfig.
"""

import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from keyfleet.manifests.deployment import USER, deployment

ROOT = Path(__file__).resolve().parents[2]
RECIPE = (ROOT / "deploy" / "Containerfile").read_text().replace("\\\n", " ")
LINES = [line for line in RECIPE.splitlines() if line and not line.startswith("#")]
RUNS = [line.removeprefix("RUN ") for line in LINES if line.startswith("RUN ")]
BUILT, LAST = RECIPE.split("\nFROM ${RUN_IMAGE}")


def copied() -> list[str]:
    words = [line.split()[1:-1] for line in BUILT.splitlines() if line.startswith("COPY ")]
    return [name.rstrip("/") for names in words for name in names]


@pytest.mark.parametrize("name", copied())
def test_what_is_copied_exists_and_is_let_in(name: str) -> None:
    assert (ROOT / name).exists()
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line.rstrip("/") for line in ignore if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert f"!{name}" in rules


def test_nothing_is_let_in_that_is_not_copied() -> None:
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    let_in = {line[1:].rstrip("/") for line in ignore if line.startswith("!")}
    assert let_in == set(copied())


@pytest.mark.parametrize("name", ["run.txt", "build.txt"])
def test_every_package_is_locked_by_hash(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text().replace("\\\n", " ")
    pins = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert pins
    assert all(re.match(r"\S+==\S+.* --hash=sha256:", pin) for pin in pins)
    assert "://" not in text


def test_the_build_uses_the_versions_that_are_tested() -> None:
    tested = (ROOT / "requirements" / "dev.txt").read_text()
    for name in ("run.txt", "build.txt"):
        text = (ROOT / "requirements" / name).read_text()
        pins = re.findall(r"^(\S+==\S+)", text, re.MULTILINE)
        assert [pin for pin in pins if f"\n{pin}" not in f"\n{tested}"] == []


def test_packages_come_only_from_the_locks() -> None:
    installs = [line for line in RUNS if " install " in line]
    locked = [line for line in installs if "--require-hashes --requirement requirements/" in line]
    own = [line for line in installs if "--no-index" in line and "--no-deps" in line]
    assert sorted(installs) == sorted([*locked, *own])


def test_runs_as_the_user_that_the_deployment_says() -> None:
    assert f"USER {USER}:{USER}" in LAST
    (container,) = deployment("x")["spec"]["template"]["spec"]["containers"]
    assert "command" not in container
    assert 'ENTRYPOINT ["/opt/keyfleet/bin/keyfleet"]' in LAST
    assert "RUN" not in LAST


def test_names_no_registry() -> None:
    images = re.findall(r"^(?:FROM|ARG \w+_IMAGE=)\s*(\S+)", RECIPE, re.MULTILINE)
    assert images
    assert not any("." in image.split("/")[0].split(":")[0] for image in images)


def test_what_it_builds_starts_where_nothing_can_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "opt" / "keyfleet"
    venv.create(folder, with_pip=False, symlinks=True)
    build = RUNS.index(next(line for line in RUNS if "hatchling" in line))
    for line in RUNS[build:]:
        here = line.replace("/opt/build/bin/python", sys.executable)
        here = here.replace("/opt/", f"{tmp_path}/opt/").replace(" dist", f" {tmp_path}/dist")
        subprocess.run(here.split(), check=True, cwd=ROOT, capture_output=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    # The dependencies of this very environment stand in for those of the lock.
    known = Path(sys.executable).parents[1].glob("lib/python*/site-packages")
    (packages / "known.pth").write_text("\n".join(str(path) for path in known))
    assert list(packages.glob("keyfleet/__pycache__/*.pyc"))
    program = folder / "bin" / "keyfleet"
    environ = {"PYTHONDONTWRITEBYTECODE": "1"}
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)
    try:
        for words in (["version"], ["install", "--controller", "keyfleet:test", "--print"]):
            done = subprocess.run(
                [str(program), *words], env=environ, cwd="/", capture_output=True, check=False
            )
            assert (done.returncode, done.stderr) == (0, b"")
        lost = subprocess.run(
            [str(program), "run"], env=environ, cwd="/", capture_output=True, check=False, text=True
        )
        assert lost.returncode == 2
        assert "kubeconfig" in lost.stderr
    finally:
        for path in [folder, *folder.rglob("*")]:
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
