# SPDX-License-Identifier: Apache-2.0
"""Compare a folder of certificates with the fleet's: which of them would seal for nobody."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing import SealingCertificate, load_certificate
from keyfleet.cli.sealing.certificates.fleet import Recipient, certificate_files
from keyfleet.cli.sealing.files.tree import read_file


@dataclass(frozen=True, slots=True)
class Difference:
    """What is wrong with the certificate of one cluster."""

    cluster: str
    reason: str
    """`Missing`, `Unreadable`, `OutOfDate`, `Expired` or `UnknownCluster`."""
    message: str

    def document(self) -> dict[str, str]:
        """Return it as plain data."""
        return {"cluster": self.cluster, "reason": self.reason, "message": self.message}


def compared(
    found: Iterable[Recipient], folder: Path, now: datetime, *, is_whole: bool
) -> list[Difference]:
    """Return what is wrong with the files of a folder, by cluster.

    Args:
        found: The clusters; one that failed is not compared.
        folder: With files as `keyfleet cert --into` writes them.
        now: The present time.
        is_whole: These are all clusters of the fleet: a file of another one is a difference.

    Raises:
        InvalidInputError: The folder cannot be read.
    """
    files = certificate_files(folder)
    known = list(found)
    differences = [
        difference
        for each in known
        if each.certificate is not None
        for difference in _of_cluster(each.cluster, each.certificate, files.get(each.cluster), now)
    ]
    strangers = sorted(set(files) - {each.cluster for each in known}) if is_whole else []
    message = "the fleet has no cluster of this name"
    return differences + [Difference(name, "UnknownCluster", message) for name in strangers]


def _of_cluster(
    cluster: str, wanted: SealingCertificate, path: Path | None, now: datetime
) -> Iterator[Difference]:
    if wanted.is_expired(now):
        message = f"its certificate has expired on {wanted.not_after:%Y-%m-%d}"
        yield Difference(cluster, "Expired", message)
    if path is None:
        yield Difference(cluster, "Missing", "the folder has no certificate of it")
        return
    try:
        own = load_certificate(read_file(path), str(path))
    except InvalidInputError as error:
        yield Difference(cluster, "Unreadable", str(error))
        return
    if own.fingerprint != wanted.fingerprint:
        message = f"{path} is of the key {own.fingerprint}, the newest is {wanted.fingerprint}"
        yield Difference(cluster, "OutOfDate", message)
    elif own.pem.strip() != wanted.pem.strip():
        message = f"{path} is another certificate of the same key"
        yield Difference(cluster, "OutOfDate", message)
