# SPDX-License-Identifier: Apache-2.0
"""SealedSecrets, in every cluster where they are found."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keyfleet.dialects.sealedsecrets.conditions import SYNCED
from keyfleet.dialects.sealedsecrets.report import report
from keyfleet.dialects.sealedsecrets.translate import translate
from keyfleet.kube.resources import SEALEDSECRETS
from keyfleet.model.intent import Origin, Rejection
from keyfleet.model.outcome import Outcome
from keyfleet.plugin import Kind, Report, Translation

__all__ = ["DIALECT", "SealedSecretsDialect", "dialect"]


class SealedSecretsDialect:
    """Understands SealedSecrets."""

    name = "sealed-secrets"

    def __init__(self, *, writes_status: bool = True) -> None:
        """Prepare; see `dialect`."""
        kind = Kind(SEALEDSECRETS, is_for_members=True, is_foreign=True, condition=SYNCED)
        self.kinds = (replace(kind, has_status=writes_status),)

    def translate(self, manifest: Mapping[str, Any], origin: Origin) -> Translation:
        """Return what a SealedSecret asks for."""
        return translate(manifest, origin)

    def report(
        self, outcome: Outcome | Rejection, before: Mapping[str, Any] | None, *, now: str
    ) -> Report:
        """Return a SealedSecret's status and events."""
        return report(outcome, before, now=now)


def dialect(*, writes_status: bool = True) -> SealedSecretsDialect:
    """Return the dialect.

    Args:
        writes_status: Whether the manifests get a status; without, events alone tell people.
    """
    return SealedSecretsDialect(writes_status=writes_status)


DIALECT = dialect()
