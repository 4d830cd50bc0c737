# SPDX-License-Identifier: Apache-2.0
"""The official archive is used only as its index describes it."""

import hashlib
import io
import tarfile
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO

import pytest

from keyfleet.base import codec
from keyfleet.base.errors import KeyfleetError
from keyfleet.localplane import download, gotargets, paths

MINOR = gotargets.KUBERNETES.version.rpartition(".")[0]
LINK = "https://example.invalid/archive"


def archive(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def entry(content: bytes, link: str = LINK) -> dict[str, str]:
    return {"hash": hashlib.sha512(content).hexdigest(), "selfLink": link}


def served(releases: dict[str, dict[str, object]], content: bytes) -> download.Opener:
    index = codec.encode_yaml({"releases": releases}).encode()
    pages = {download.INDEX: index, LINK: content}

    def opener(url: str) -> AbstractContextManager[IO[bytes]]:
        return nullcontext(io.BytesIO(pages[url]))

    return opener


def release(version: str, machine: str | None = None) -> str:
    return f"envtest-{version}-{machine or paths.machine()}.tar.gz"


CONTENT = archive(
    {
        "controller-tools/envtest/etcd": b"etcd",
        "controller-tools/envtest/kube-apiserver": b"server",
        "controller-tools/envtest/kubectl": b"kubectl",
        "controller-tools/envtest/README": b"text",
        "../../escaped": b"no",
    }
)


def test_takes_the_newest_patch_of_our_minor_version(tmp_path: Path) -> None:
    good = entry(CONTENT)
    other = {"hash": "00", "selfLink": "https://example.invalid/other"}
    releases: dict[str, dict[str, object]] = {
        f"v{MINOR}.2": {release(f"v{MINOR}.2"): other},
        f"v{MINOR}.10": {release(f"v{MINOR}.10"): good},
        f"v{MINOR}.11": {release(f"v{MINOR}.11", "plan9-mips"): other},
        f"v{MINOR}.12-rc.0": {release(f"v{MINOR}.12-rc.0"): other},
        "v9.0.0": {release("v9.0.0"): other},
    }
    version = download.fetch(tmp_path, paths.silent, served(releases, CONTENT))
    assert version == f"{MINOR}.10"
    found = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert found == {"etcd": b"etcd", "kube-apiserver": b"server", "kubectl": b"kubectl"}
    assert (tmp_path / "etcd").stat().st_mode & 0o777 == 0o755


def test_refuses_another_checksum(tmp_path: Path) -> None:
    name = f"v{MINOR}.0"
    releases: dict[str, dict[str, object]] = {name: {release(name): entry(b"something else")}}
    with pytest.raises(KeyfleetError) as failure:
        download.fetch(tmp_path, paths.silent, served(releases, CONTENT))
    assert failure.value.code == "localplane.checksum"
    assert not (tmp_path / "etcd").exists()


def test_refuses_a_link_inside_the_archive(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        member = tarfile.TarInfo("envtest/etcd")
        member.type, member.linkname = tarfile.SYMTYPE, "/bin/sh"
        tar.addfile(member)
    name = f"v{MINOR}.0"
    releases: dict[str, dict[str, object]] = {name: {release(name): entry(buffer.getvalue())}}
    download.fetch(tmp_path, paths.silent, served(releases, buffer.getvalue()))
    assert not (tmp_path / "etcd").is_symlink()


def test_says_that_there_is_none_for_this_machine(tmp_path: Path) -> None:
    name = f"v{MINOR}.0"
    releases: dict[str, dict[str, object]] = {name: {release(name, "plan9-mips"): entry(CONTENT)}}
    with pytest.raises(KeyfleetError, match="no official archive for this machine"):
        download.fetch(tmp_path, paths.silent, served(releases, CONTENT))


@pytest.mark.parametrize("error", [OSError("no route"), TimeoutError("too slow")])
def test_unreachable_is_our_own_error(tmp_path: Path, error: OSError) -> None:
    def opener(_url: str) -> AbstractContextManager[IO[bytes]]:
        raise error

    with pytest.raises(KeyfleetError, match=str(error)):
        download.fetch(tmp_path, paths.silent, opener)


@pytest.mark.parametrize("index", [b"", b"[]", b"releases: 7", b"other: {}"])
def test_strange_index_is_our_own_error(tmp_path: Path, index: bytes) -> None:
    with pytest.raises(KeyfleetError):
        download.fetch(tmp_path, paths.silent, lambda _url: nullcontext(io.BytesIO(index)))


def test_opens_https_only() -> None:
    with pytest.raises(KeyfleetError, match="not https"):
        download.open_url("file:///etc/passwd")
