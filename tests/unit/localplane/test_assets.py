# SPDX-License-Identifier: Apache-2.0
"""Where kube-apiserver and etcd come from, and what is said when they come from nowhere."""

import threading
from pathlib import Path

import pytest

from keyfleet.base.errors import KeyfleetError
from keyfleet.localplane import assets, download, gobuild, gotargets, paths

MACHINE = paths.machine()
PINNED = gotargets.KUBERNETES.version
MINOR = PINNED.rpartition(".")[0]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, no variable, and no way to fetch or build anything."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("KEYFLEET_CACHE", str(folder))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.setattr(download, "fetch", refuse("download"))
    monkeypatch.setattr(gobuild, "build", refuse("build"))
    return folder


def refuse(way: str) -> object:
    def attempt(*_arguments: object) -> str:
        raise KeyfleetError("test", f"no {way} here", "because", hint=f"details of the {way}")

    return attempt


def programs(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or gotargets.SERVERS:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return folder


def test_variable_comes_first(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs(cache / "assets" / f"{PINNED}-{MACHINE}")
    given = programs(tmp_path / "given")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(given))
    assert given == assets.ensure()


def test_variable_without_both_programs_is_an_error(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever names a folder wants that one, not another."""
    programs(cache / "assets" / f"{PINNED}-{MACHINE}")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(programs(tmp_path / "given", "etcd")))
    with pytest.raises(KeyfleetError) as failure:
        assets.ensure()
    assert "lacks kube-apiserver" in failure.value.hint


def test_program_that_cannot_be_executed_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = programs(tmp_path / "given")
    (given / "etcd").chmod(0o644)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(given))
    with pytest.raises(KeyfleetError) as failure:
        assets.ensure()
    assert "lacks etcd" in failure.value.hint


def test_cache_comes_before_download(cache: Path) -> None:
    assert programs(cache / "assets" / f"{PINNED}-{MACHINE}") == assets.ensure()


def test_another_patch_in_the_cache_serves_too(cache: Path) -> None:
    """The official archives have patch releases of their own."""
    programs(cache / "assets" / f"{MINOR}.0-{MACHINE}")
    newest = programs(cache / "assets" / f"{MINOR}.10-{MACHINE}")
    programs(cache / "assets" / f"{MINOR}.9-{MACHINE}")
    programs(cache / "assets" / f"9.9.9-{MACHINE}")
    programs(cache / "assets" / f"{MINOR}.11-plan9-mips")
    assert newest == assets.ensure()


def test_download_comes_before_build(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(folder: Path, _progress: paths.Progress) -> str:
        programs(folder)
        return f"{MINOR}.1"

    monkeypatch.setattr(download, "fetch", fetch)
    assert cache / "assets" / f"{MINOR}.1-{MACHINE}" == assets.ensure()


def test_build_is_the_last_way(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def build(names: tuple[str, ...], folder: Path, progress: paths.Progress) -> None:
        programs(folder, *names)
        progress("compiling")

    monkeypatch.setattr(gobuild, "build", build)
    folder = assets.ensure(told.append)
    assert cache / "assets" / f"{PINNED}-{MACHINE}" == folder
    assert sorted(file.name for file in folder.iterdir()) == ["etcd", "kube-apiserver"]
    assert "no official envtest archive: no download here: because" in told
    assert told[-1] == "compiling"
    assert list(folder.parent.glob(".new-*")) == []


def test_error_names_every_way_and_why_it_failed() -> None:
    with pytest.raises(KeyfleetError) as failure:
        assets.ensure()
    text = failure.value.diagnostics()
    for part in (
        "KUBEBUILDER_ASSETS: not set",
        f"{PINNED}-{MACHINE} lacks etcd, kube-apiserver",
        "official envtest archive: no download here: because",
        "build from Go modules: no build here: because",
        "details of the build",
    ):
        assert part in text


def test_interrupted_build_leaves_no_half_program(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(_names: tuple[str, ...], folder: Path, _progress: paths.Progress) -> None:
        programs(folder, "etcd")
        raise KeyboardInterrupt

    monkeypatch.setattr(gobuild, "build", build)
    with pytest.raises(KeyboardInterrupt):
        assets.ensure()
    assert [file.name for file in (cache / "assets").iterdir()] == [".lock"]


def test_second_asker_waits_and_finds_what_the_first_prepared(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds: list[str] = []
    second_waits = threading.Event()

    def build(names: tuple[str, ...], folder: Path, _progress: paths.Progress) -> None:
        builds.append("build")
        second_waits.wait(5)
        programs(folder, *names)

    def tell(line: str) -> None:
        if line.startswith("another process"):
            second_waits.set()

    monkeypatch.setattr(gobuild, "build", build)
    found: list[Path] = []
    askers = [threading.Thread(target=lambda: found.append(assets.ensure(tell))) for _ in range(2)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(10)
    assert found == [cache / "assets" / f"{PINNED}-{MACHINE}"] * 2
    assert builds == ["build"]


def test_tool_is_taken_from_the_variable_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = programs(tmp_path / "given", "kubectl")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(given))
    assert given / "kubectl" == assets.ensure_tool("kubectl")


def test_tool_that_the_variable_lacks_is_built(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(programs(tmp_path / "given")))
    monkeypatch.setattr(gobuild, "build", lambda names, folder, _: programs(folder, *names))
    assert cache / "assets" / f"{PINNED}-{MACHINE}" / "kubectl" == assets.ensure_tool("kubectl")


def test_command_line_prints_the_folder_on_its_last_line(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gobuild, "build", lambda names, folder, _: programs(folder, *names))
    assert assets.main([]) == 0
    printed = capsys.readouterr()
    assert printed.out == f"{cache / 'assets' / f'{PINNED}-{MACHINE}'}\n"
    assert "assets: trying: build from Go modules\n" in printed.err


def test_command_line_says_what_failed(capsys: pytest.CaptureFixture[str]) -> None:
    assert assets.main([]) == 3
    assert "every way was tried" in capsys.readouterr().err


def test_command_line_refuses_unknown_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert assets.main(["kubelet"]) == 2
    assert "unknown program: kubelet" in capsys.readouterr().err
