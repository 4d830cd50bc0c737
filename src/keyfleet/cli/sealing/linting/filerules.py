# SPDX-License-Identifier: Apache-2.0
"""Rules about files: certificates, files that cannot be read, and those no kustomization lists."""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing import load_certificate
from keyfleet.cli.sealing.files.sealedtext import read_yaml
from keyfleet.cli.sealing.files.tree import read_file
from keyfleet.cli.sealing.keyring.ring import short
from keyfleet.cli.sealing.linting.complaints import Complaint, Rule, Severity, mapping

EXPIRED = Rule("certificate-expired", Severity.ERROR, "`keyfleet cert` fetches the present one")
EXPIRES = Rule("certificate-expires", Severity.WARNING, "`keyfleet cert` fetches the present one")
UNKNOWN = Rule(
    "certificate-unknown",
    Severity.WARNING,
    "no cluster that was asked has its key: what it seals may open nowhere",
)
UNREADABLE = Rule("unreadable", Severity.ERROR, "correct it: a Secret in it would not be seen")
UNSEEN = Rule("not-looked-at", Severity.NOTE, "render it and lint the result")
UNLISTED = Rule(
    "not-in-kustomization", Severity.WARNING, "add it to `resources`, else it is not applied"
)

CERTIFICATES = (".pem", ".crt", ".cert", ".key")
"""Endings of files that may hold certificates or keys."""

_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_LISTS = ("resources", "bases", "components", "patches", "patchesStrategicMerge", "transformers")
_SECRET = re.compile(rb"kind[\"']?\s*:\s*[\"']?(?:Sealed)?Secret\b")
_AT = re.compile(r" \(line (\d+)(?:, column (\d+))?\)")


def certificate_complaints(
    file: str, raw: bytes, now: datetime, known: frozenset[str]
) -> Iterator[Complaint]:
    """Yield what is wrong with the certificate in a file.

    Args:
        file: Its name.
        raw: Its content.
        now: To tell what is expired.
        known: Fingerprints of the fleet's keys; empty: nobody was asked.
    """
    # Here, for it brings a client of HTTP: a hook is to start at once.
    from keyfleet.cli.sealing.certificates.certificates import ends_soon

    try:
        certificate = load_certificate(raw, file)
    except InvalidInputError:
        # Certificates of other kinds are none of our business.
        return
    day = f"{certificate.not_after:%Y-%m-%d}"
    line = raw.count(b"\n", 0, max(raw.find(b"-----BEGIN CERT"), 0)) + 1
    if certificate.is_expired(now):
        yield Complaint(file, line, 1, EXPIRED, f"the certificate expired on {day}")
    elif ends_soon(certificate, now):
        yield Complaint(file, line, 1, EXPIRES, f"the certificate expires on {day}")
    if known and certificate.fingerprint not in known:
        message = f"a certificate of an unknown key, {short(certificate.fingerprint)}"
        yield Complaint(file, line, 1, UNKNOWN, message)


def unread_complaint(file: str, raw: bytes, error: InvalidInputError) -> Complaint:
    """Return the complaint about a file that cannot be understood."""
    found = _AT.search(error.message)
    line, column = (int(found[1]), int(found[2] or 1)) if found else (1, 1)
    message = _AT.sub("", error.message)
    if error.code == "input.unreadable":
        message = error.subject.rpartition(": ")[2]
    if b"{{" in raw:
        return Complaint(file, line, column, UNSEEN, "a template, which is no YAML yet")
    if _SECRET.search(raw) or error.code != "input.yaml":
        return Complaint(file, line, column, UNREADABLE, f"cannot be read: {message}")
    rule = Rule(UNREADABLE.name, Severity.WARNING, UNREADABLE.hint)
    return Complaint(file, line, column, rule, f"cannot be read: {message}")


def is_listed(path: Path) -> bool:
    """Tell whether the kustomization beside a file lists it, or there is none."""
    listed = _listed_in(path.parent)
    return listed is None or path.name in listed


@lru_cache(maxsize=4096)
def _listed_in(folder: Path) -> frozenset[str] | None:
    """Return the names that a folder's kustomization lists; None: it has none that can be read."""
    for name in _KUSTOMIZATIONS:
        try:
            documents = read_yaml(read_file(folder / name), name)
        except InvalidInputError:
            continue
        return frozenset(found for each in documents for found in _names(each.content))
    return None


def _names(content: Any) -> Iterator[str]:
    for field in _LISTS:
        entries = mapping(content).get(field)
        for entry in entries if isinstance(entries, list) else ():
            text = mapping(entry).get("path") if isinstance(entry, dict) else entry
            if isinstance(text, str):
                # Other folders than its own are listed, too: only the name counts then.
                yield PurePath(text).name
