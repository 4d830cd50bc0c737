# SPDX-License-Identifier: Apache-2.0
"""Whose values the documents of a tree hold, and what they are to be sealed for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from keyfleet.base.errors import InvalidInputError, KeyfleetError, PermanentError
from keyfleet.base.sealing import SealingCertificate
from keyfleet.cli.options import Common
from keyfleet.cli.sealing.certificates.certificates import require_usable
from keyfleet.cli.sealing.files.sealedtext import SealedDocument, read_yaml, sealed_documents
from keyfleet.cli.sealing.files.tree import TreeFile, read_file
from keyfleet.cli.sealing.keyring.ring import Ring, may_be
from keyfleet.cli.sealing.resealing.resealing import Goal

ENDINGS = (".pem", ".crt", ".cert")
"""Of certificates in a folder: `<cluster>.pem`."""


def cluster_for(file: TreeFile, document: SealedDocument, common: Common) -> str:
    """Return the cluster that a document is for: by its place, its annotation, or the flags.

    Raises:
        InvalidInputError: `reseal.whose`: nothing says, or two say different things.
    """
    found = {file.cluster, document.sealed_for} - {""}
    if len(found) > 1:
        subject = f"{file}: {document} is sealed for {document.sealed_for}"
        hint = "correct its annotation keyfleet.io/sealed-for, or move it"
        message = "a file of another cluster lies here"
        raise InvalidInputError("reseal.whose", message, subject, hint)
    if found:
        return found.pop()
    named = [name for name in common.cluster if not set(name) & set("*?[")]
    if len(named) == 1:
        return named[0]
    hint = "-c NAME; or let it lie in clusters/NAME/, or annotate it with keyfleet.io/sealed-for"
    message = "which cluster is it for?"
    raise InvalidInputError("reseal.whose", message, f"{file}: {document}", hint)


def clusters_in(files: Iterable[TreeFile], common: Common) -> set[str]:
    """Return the clusters that SealedSecrets of files are for; what says none is left out."""
    found = set()
    for file in files:
        try:
            for document in sealed_documents(read_yaml(read_file(file.path), str(file))):
                found.add(cluster_for(file, document, common))
        except KeyfleetError:
            # Told when the file itself is looked at.
            continue
    return found


@dataclass(frozen=True, slots=True)
class Goals:
    """What each cluster's values are sealed for."""

    rings: Mapping[str, Ring]
    certificates: Mapping[str, SealingCertificate | KeyfleetError]
    """What to seal with, or why there is nothing, for each cluster."""
    common: Common
    from_key: str = ""
    """Fingerprint of the one key whose values are sealed anew; empty: of any but the newest."""

    def __call__(self, file: TreeFile, document: SealedDocument) -> Goal | None:
        """Return what a document is sealed for; None: its cluster is not chosen.

        Raises:
            KeyfleetError: Whose it is, or the cluster's keys, are not known.
        """
        cluster = cluster_for(file, document, self.common)
        ring = self.rings.get(cluster)
        if ring is None:
            if self.common.cluster_selector or not may_be(cluster, self.common):
                return None
            known = ", ".join(sorted(self.rings)) or "none"
            raise PermanentError(
                "cli.unknown_cluster", "no keys of cluster", cluster, f"known: {known}"
            )
        certificate = self.certificates[cluster]
        if isinstance(certificate, KeyfleetError):
            raise certificate
        if certificate.fingerprint == self.from_key:
            hint = f"label its Secret in {cluster} as compromised: a new key is made"
            message = "that key is still the one that seals"
            raise InvalidInputError("reseal.newest", message, self.from_key, hint)
        return Goal(cluster, ring.keyset, certificate, self.from_key)


def certificate_in(folder: Path, cluster: str) -> str:
    """Return the name of a cluster's certificate in a folder, as `keyfleet cert` writes it.

    Raises:
        InvalidInputError: `input.unreadable`: there is none.
    """
    for ending in ENDINGS:
        if (folder / f"{cluster}{ending}").is_file():
            return str(folder / f"{cluster}{ending}")
    hint = "`keyfleet cert --clusters ...` writes them"
    subject = f"{folder / cluster}.pem"
    raise InvalidInputError("input.unreadable", "there is no certificate", subject, hint)


def settled(
    rings: Iterable[Ring], given: Mapping[str, SealingCertificate], now: datetime
) -> dict[str, SealingCertificate | KeyfleetError]:
    """Return what each cluster's values are sealed with, or why nothing can be: told once.

    Args:
        rings: The clusters' keys.
        given: Certificates that count instead of the newest key's.
        now: To tell which are expired.
    """
    found: dict[str, SealingCertificate | KeyfleetError] = {}
    for ring in rings:
        try:
            found[ring.cluster] = _certificate(ring, given.get(ring.cluster), now)
        except KeyfleetError as error:
            found[ring.cluster] = error
    return found


def _certificate(ring: Ring, given: SealingCertificate | None, now: datetime) -> SealingCertificate:
    """Return what is sealed with.

    Raises:
        KeyfleetError: There are no keys or no certificate; it is expired; `reseal.certificate`:
            the cluster has no key in use for it, so it could not open what is sealed.
    """
    if not ring.keys:
        raise _no_keys(ring)
    certificate = given or ring.certificate
    if certificate is None:
        hint = "--cert FILE, or --cert-dir DIR; or put a key into use"
        raise InvalidInputError("reseal.no_certificate", "seal with what?", ring.cluster, hint)
    require_usable(certificate, now, ring.cluster)
    known = ring.named(certificate.fingerprint)
    if ring.is_known and (known is None or not known.is_active):
        hint = f"`keyfleet cert -c {ring.cluster}` fetches the right one"
        message = "the cluster has no key in use for that certificate"
        raise InvalidInputError("reseal.certificate", message, ring.cluster, hint)
    return certificate


def _no_keys(ring: Ring) -> KeyfleetError:
    if ring.problems:
        return ring.problems[0]
    hint = "`keyfleet keys list` shows the keys of each cluster"
    return PermanentError("keys.none", "the cluster has no sealing key", ring.cluster, hint)
