# SPDX-License-Identifier: Apache-2.0
"""What `doctor` says of the sealing keys of clusters."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from keyfleet.base.sealing import SealingCertificate
from keyfleet.cli.doctor.facts import Ailment, Chart, ClusterSheet, Severity, unasked
from keyfleet.cli.sealing.certificates.certificates import ends_soon
from keyfleet.cli.sealing.keyring.ring import Ring, shared, short

ERROR, WARNING = Severity.ERROR, Severity.WARNING
CHECK = "sealing"


def sealing_keys(sheet: ClusterSheet, chart: Chart) -> Iterator[Ailment]:
    """Can its keys be used, are they in a backup, and is there one to seal with for some time?"""
    ring = sheet.ring
    if ring is None:
        yield unasked(CHECK, sheet.name, "its sealing keys may not be listed")
        return
    for problem in ring.problems:
        advice = "put the Secret back from a backup, or delete it"
        yield Ailment(
            WARNING, CHECK, sheet.name, f"a sealing key cannot be used: {problem}", advice
        )
    yield from _backup(ring, sheet.name)
    if ring.certificate is not None:
        yield from _end(ring.certificate, sheet.name, chart.now)


def _backup(ring: Ring, cluster: str) -> Iterator[Ailment]:
    missing = [short(each.fingerprint) for each in ring.keys if not each.backed_up]
    if missing:
        what = "sealing key is" if len(missing) == 1 else "sealing keys are"
        told = f"{len(missing)} {what} in no backup: {', '.join(missing[:3])}"
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        advice = f"`keyfleet keys backup FILE -r age1... -c {cluster}`"
        yield Ailment(WARNING, CHECK, cluster, told + more, advice)


def _end(certificate: SealingCertificate, cluster: str, now: datetime) -> Iterator[Ailment]:
    day = f"{certificate.not_after:%Y-%m-%d}"
    advice = "a controller that runs makes a new one in time: see --sealed-secrets-key-renew-period"
    if certificate.is_expired(now):
        what = f"the certificate to seal with ended on {day}: nobody can seal for it"
        yield Ailment(ERROR, CHECK, cluster, what, advice)
    elif ends_soon(certificate, now):
        what = f"the certificate to seal with ends on {day}"
        yield Ailment(WARNING, CHECK, cluster, what, advice)


def shared_keys(chart: Chart) -> Iterator[Ailment]:
    """Does each cluster have sealing keys of its own?"""
    # One cluster under two names shares nothing.
    once = {sheet.uid or sheet.name: sheet for sheet in reversed(chart.clusters)}
    rings = [sheet.ring for sheet in reversed(once.values()) if sheet.ring is not None]
    # What is out of use opens nothing any more.
    used = (replace(ring, keys=tuple(key for key in ring.keys if key.is_active)) for ring in rings)
    for fingerprint, names in shared(used).items():
        what = f"they share the sealing key {short(fingerprint)}: each opens the others' values"
        advice = "take it out of use in all but one, and `keyfleet reseal` for a key of its own"
        yield Ailment(WARNING, CHECK, ", ".join(names), what, advice)
