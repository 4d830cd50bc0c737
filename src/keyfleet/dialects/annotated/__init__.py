# SPDX-License-Identifier: Apache-2.0
"""The annotation form: a plain Secret on the hub that says where it shall go."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from keyfleet.dialects.annotated.report import report
from keyfleet.dialects.annotated.translate import DEFAULT_DOMAIN, is_wanted, translate
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import SECRETS
from keyfleet.model.intent import Origin, Rejection
from keyfleet.model.outcome import Outcome
from keyfleet.plugin import Kind, Report, Translation

__all__ = ["DEFAULT_DOMAIN", "AnnotatedDialect", "dialect"]


class AnnotatedDialect:
    """Understands annotated Secrets of the hub, under one annotation domain."""

    def __init__(self, domain: str) -> None:
        self.name = "annotated"
        self.domain = domain
        self.kinds = (
            Kind(
                SECRETS,
                has_status=False,
                metadata_only=True,
                wanted=partial(_wanted, domain),
                annotation_domain=domain,
            ),
        )

    def translate(self, manifest: Mapping[str, Any], origin: Origin) -> Translation:
        """Return what the Secret's annotations ask for."""
        return translate(manifest, origin, domain=self.domain)

    def report(
        self, outcome: Outcome | Rejection, before: Mapping[str, Any] | None, *, now: str
    ) -> Report:
        """Return events only: nothing is written to the Secret."""
        return report(outcome, before, now=now)


def dialect(domain: str = DEFAULT_DOMAIN) -> AnnotatedDialect:
    """Return the dialect for one annotation domain, such as `sync.example.com`."""
    return AnnotatedDialect(domain)


def _wanted(domain: str, metadata: Metadata) -> bool:
    return is_wanted(metadata.annotations or {}, domain=domain)
