# SPDX-License-Identifier: Apache-2.0
"""Manifests of the External Secrets Operator, in every cluster where they are found."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from keyfleet.dialects.eso.children import brood
from keyfleet.dialects.eso.childreport import report_brood
from keyfleet.dialects.eso.marks import UNMARKED
from keyfleet.dialects.eso.report import report
from keyfleet.dialects.eso.storereport import report_store
from keyfleet.dialects.eso.translate import translate
from keyfleet.kube.resources import (
    CLUSTEREXTERNALSECRETS,
    CLUSTERGENERATORS,
    CLUSTERSECRETSTORES,
    ESO_VERSIONS,
    EXTERNALSECRETS,
    GENERATORS,
    SECRETSTORES,
    Resource,
)
from keyfleet.model.intent import Origin, Rejection
from keyfleet.model.outcome import Outcome, StoreOutcome
from keyfleet.plugin import Kind, Report, Role, Translation
from keyfleet.plugin.parents import Around, Brood, Manifest

__all__ = ["DIALECT", "EsoDialect", "dialect"]

_CLEANUP = "externalsecrets.external-secrets.io"
"""Prefix of upstream's finalizers."""


def _kind(resource: Resource, role: Role, *finalizers: str) -> Kind:
    return Kind(
        resource,
        role=role,
        is_for_members=True,
        is_foreign=True,
        versions=ESO_VERSIONS,
        finalizers=tuple(f"{_CLEANUP}/{name}" for name in finalizers),
    )


def _generator(resource: Resource) -> Kind:
    return Kind(
        resource, has_status=False, role=Role.GENERATOR, is_for_members=True, is_foreign=True
    )


class EsoDialect:
    """Understands ExternalSecrets, their stores and generators, and ClusterExternalSecrets."""

    def __init__(
        self, controller_class: str = "default", namespaces: Collection[str] | None = None
    ) -> None:
        """Make it.

        Args:
            controller_class: What `spec.controller` of our stores says, where it says anything.
            namespaces: Those whose ExternalSecrets are ours; None: all.
        """
        self.name = "eso"
        self.controller_class = controller_class
        child = _kind(EXTERNALSECRETS, Role.INTENT, "externalsecret-cleanup")
        self.child = replace(child, inherits=UNMARKED)
        self.kinds = (
            self.child,
            _kind(SECRETSTORES, Role.STORE),
            _kind(CLUSTERSECRETSTORES, Role.STORE),
            _kind(CLUSTEREXTERNALSECRETS, Role.PARENT, "clusterexternalsecret-cleanup"),
            *map(_generator, (*GENERATORS, CLUSTERGENERATORS)),
        )
        self._namespaces = namespaces

    def translate(self, manifest: Mapping[str, Any], origin: Origin) -> Translation:
        """Return what an ExternalSecret asks for."""
        return translate(manifest, origin, namespaces=self._namespaces)

    def report(
        self, outcome: Outcome | Rejection, before: Mapping[str, Any] | None, *, now: str
    ) -> Report:
        """Return an ExternalSecret's status and events."""
        return report(outcome, before, now=now)

    def report_store(
        self, outcome: StoreOutcome, before: Mapping[str, Any] | None, *, now: str
    ) -> Report:
        """Return a store's status and events."""
        return report_store(outcome, before, now=now)

    def brood(self, parent: Manifest, around: Around) -> Brood:
        """Return what is to be done for a ClusterExternalSecret."""
        return brood(parent, around)

    def report_brood(
        self, brood: Brood, failures: Mapping[str, str], parent: Manifest, *, now: str
    ) -> Report:
        """Return a ClusterExternalSecret's status, which tells no time."""
        return report_brood(brood, failures, parent)


def dialect(
    controller_class: str = "default", namespaces: Collection[str] | None = None
) -> EsoDialect:
    """Return the dialect for one controller class and some namespaces, as `EsoDialect`."""
    return EsoDialect(controller_class, namespaces)


DIALECT = EsoDialect()
