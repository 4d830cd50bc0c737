# SPDX-License-Identifier: Apache-2.0
"""The official envtest archive: kube-apiserver, etcd and kubectl, ready to run.

Source: the index `envtest-releases.yaml` of kubernetes-sigs/controller-tools, which names each
archive's address and SHA-512.
"""

import hashlib
import hmac
import http.client
import tarfile
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec

from keyfleet.base import codec
from keyfleet.base.errors import KeyfleetError
from keyfleet.localplane import gotargets, paths

INDEX = (
    "https://raw.githubusercontent.com/kubernetes-sigs/controller-tools/HEAD/envtest-releases.yaml"
)

Opener = Callable[[str], AbstractContextManager[IO[bytes]]]
"""Opens an address for reading; raises OSError when it cannot."""

# Where the address is unreachable, a person waits this long and not for minutes.
_TIMEOUT_S = 5.0
_BLOCK_BYTES = 1 << 20
_INDEX_MAX_BYTES = 16 << 20
_PROGRAMS = frozenset({"kube-apiserver", "etcd", "kubectl"})


class _Entry(msgspec.Struct, rename="camel"):
    hash: str
    self_link: str


_Releases = dict[str, dict[str, _Entry]]


class _Index(msgspec.Struct):
    releases: _Releases


def open_url(url: str) -> AbstractContextManager[IO[bytes]]:
    """Open an https address with a short timeout."""
    if not url.startswith("https://"):
        raise KeyfleetError("localplane.address", "the archive's address is not https", url)
    return urllib.request.urlopen(url, timeout=_TIMEOUT_S)  # type: ignore[no-any-return] # noqa: S310 - https, see above


def fetch(folder: Path, progress: paths.Progress, opener: Opener = open_url) -> str:
    """Put the programs of the newest archive of our Kubernetes minor version into `folder`.

    Returns:
        The archive's Kubernetes version, such as `1.36.2`.
    Raises:
        KeyfleetError: Unreachable, no archive for this machine, or another checksum.
    """
    try:
        version, entry = _choose(_index(opener))
        archive = folder / "envtest.tar.gz"
        progress(f"downloading kube-apiserver and etcd {version}")
        _download(entry.self_link, entry.hash, archive, opener)
        _unpack(archive, folder)
    except (OSError, http.client.HTTPException, tarfile.TarError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise KeyfleetError(
            "localplane.download", "the official archive cannot be fetched", reason
        ) from error
    archive.unlink()
    return version


def _index(opener: Opener) -> _Releases:
    with opener(INDEX) as response:
        raw = response.read(_INDEX_MAX_BYTES)
    documents = codec.decode_yaml(raw, subject="envtest-releases.yaml")
    content = documents[0].content if documents else None
    return codec.convert(_Index, content, subject="envtest-releases.yaml").releases


def _choose(releases: _Releases) -> tuple[str, _Entry]:
    minor = gotargets.KUBERNETES.version.rpartition(".")[0]
    found = {
        int(patch): entry
        for version, files in releases.items()
        for patch in [version.removeprefix(f"v{minor}.")]
        if patch.isdecimal()
        for entry in [files.get(f"envtest-{version}-{paths.machine()}.tar.gz")]
        if entry
    }
    if not found:
        raise KeyfleetError(
            "localplane.archive",
            "there is no official archive for this machine",
            f"Kubernetes {minor}, {paths.machine()}",
        )
    return f"{minor}.{max(found)}", found[max(found)]


def _download(url: str, expected: str, archive: Path, opener: Opener) -> None:
    digest = hashlib.sha512()
    with opener(url) as response, archive.open("wb") as file:
        while block := response.read(_BLOCK_BYTES):
            digest.update(block)
            file.write(block)
    if not hmac.compare_digest(digest.hexdigest(), expected.lower()):
        raise KeyfleetError("localplane.checksum", "the archive has another checksum", url)


def _unpack(archive: Path, folder: Path) -> None:
    # Only regular files of known names, written by us: no path in the archive is followed.
    with tarfile.open(archive) as tar:
        for member in tar:
            name = PurePosixPath(member.name).name
            content = tar.extractfile(member) if member.isreg() and name in _PROGRAMS else None
            if content is not None:
                with (folder / name).open("wb") as file:
                    while block := content.read(_BLOCK_BYTES):
                        file.write(block)
                (folder / name).chmod(0o755)
