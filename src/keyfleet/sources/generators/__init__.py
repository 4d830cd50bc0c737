# SPDX-License-Identifier: Apache-2.0
"""Generators: they make a new value every time they are asked. One file for each kind."""

from collections.abc import Mapping

from keyfleet.plugin.stores import Provider
from keyfleet.sources.generators.cluster import ClusterGenerator
from keyfleet.sources.generators.fake import FAKE
from keyfleet.sources.generators.password import PASSWORD
from keyfleet.sources.generators.sshkey import SSH_KEY
from keyfleet.sources.generators.uuid import UUID

_KINDS: dict[str, Provider] = {
    "fakeSpec": FAKE,
    "passwordSpec": PASSWORD,
    "sshKeySpec": SSH_KEY,
    "uuidSpec": UUID,
}
"""By the field in which a ClusterGenerator holds their spec."""


def providers(elsewhere: Mapping[str, Provider]) -> tuple[Provider, ...]:
    """Return all generators.

    Args:
        elsewhere: Those that other packages bring, by their field of a ClusterGenerator.
    """
    kinds = {**_KINDS, **elsewhere}
    return (*kinds.values(), ClusterGenerator(kinds))
