# SPDX-License-Identifier: Apache-2.0
"""Generators: they make a new value every time they are asked. One file for each kind."""

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

PROVIDERS: tuple[Provider, ...] = (*_KINDS.values(), ClusterGenerator(_KINDS))
