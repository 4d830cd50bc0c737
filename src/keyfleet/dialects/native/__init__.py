# SPDX-License-Identifier: Apache-2.0
"""Keyfleet's own kind: FleetSecret."""

from collections.abc import Mapping
from typing import Any

from keyfleet.dialects.native.report import report
from keyfleet.dialects.native.translate import translate
from keyfleet.kube.resources import FLEETSECRETS
from keyfleet.model.intent import Origin, Rejection
from keyfleet.model.outcome import Outcome
from keyfleet.plugin import Kind, Report, Translation


class NativeDialect:
    """Understands FleetSecrets of the hub."""

    def __init__(self) -> None:
        self.name = "native"
        self.kinds = (Kind(FLEETSECRETS),)

    def translate(self, manifest: Mapping[str, Any], origin: Origin) -> Translation:
        """Return what the FleetSecret asks for."""
        return translate(manifest, origin)

    def report(
        self, outcome: Outcome | Rejection, before: Mapping[str, Any] | None, *, now: str
    ) -> Report:
        """Return the FleetSecret's status and events."""
        return report(outcome, before, now=now)


DIALECT = NativeDialect()
