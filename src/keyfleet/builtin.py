# SPDX-License-Identifier: Apache-2.0
"""The shipped dialects, sources, providers and generators: one line each. Inventories are chosen by `app`."""

from keyfleet.dialects import annotated, native
from keyfleet.plugin import Dialect, Source
from keyfleet.plugin.stores import Provider
from keyfleet.sources import generators as makers
from keyfleet.sources import kubernetes


def dialects(domain: str) -> tuple[Dialect, ...]:
    """Return every shipped dialect, under an annotation domain."""
    return (
        native.DIALECT,
        annotated.dialect(domain),
    )


def sources() -> dict[str, Source]:
    """Return every shipped source by name."""
    return {source.name: source for source in (kubernetes.SOURCE,)}


def generators() -> dict[str, Provider]:
    """Return every shipped generator by kind."""
    return {provider.name: provider for provider in makers.PROVIDERS}
