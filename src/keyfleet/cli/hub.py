# SPDX-License-Identifier: Apache-2.0
"""Open the hub as the operator: kubeconfig, login, one client."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from keyfleet.app import hub_access
from keyfleet.base.clock import Clock, SystemClock
from keyfleet.base.errors import DeniedError, NotFoundError, PermanentError, UnsupportedError
from keyfleet.cli import stdin
from keyfleet.cli.options import Common
from keyfleet.cli.terminal import note
from keyfleet.kube.access import Access
from keyfleet.kube.auth.surroundings import UNATTENDED, Surroundings
from keyfleet.kube.client import Client
from keyfleet.kube.kubeconfig import Kubeconfig, load
from keyfleet.kube.resources import FLEETSECRETS, NAMESPACES
from keyfleet.manifests.everything import (
    DEFAULT_DOMAIN,
    DOMAIN_ANNOTATION,
    SYSTEM_NAMESPACE,
)

UNSERVED = (NotFoundError, UnsupportedError)
"""What asking for a kind raises that the hub does not serve."""


@dataclass(frozen=True, slots=True)
class Hub:
    """The hub, and what led to it."""

    client: Client
    access: Access
    kubeconfig: Kubeconfig
    surroundings: Surroundings
    clock: Clock


@asynccontextmanager
async def open_hub(common: Common) -> AsyncIterator[Hub]:
    """Give the hub that the flags name, closed afterwards; nothing is sent yet.

    Raises:
        InvalidInputError: No such context, or the kubeconfig cannot be read.
    """
    clock = SystemClock()
    kubeconfig, surroundings = login(common)
    access = hub_access(kubeconfig, common.context, surroundings)
    for warning in (*kubeconfig.warnings, *access.warnings):
        note(f"Warning: {warning}")
    client = Client("hub", access, clock=clock)
    try:
        yield Hub(client, access, kubeconfig, surroundings, clock)
    finally:
        await client.close()


def login(common: Common) -> tuple[Kubeconfig, Surroundings]:
    """Return the operator's kubeconfig, and what a login may use: it may ask at a terminal."""
    surroundings = Surroundings(
        os.environ, stdin_refused="" if stdin.is_terminal() else UNATTENDED, show_stderr=True
    )
    return load(common.kubeconfig, os.environ), surroundings


async def require_installed(hub: Hub) -> None:
    """Make sure that the hub serves FleetSecrets.

    Raises:
        PermanentError: It does not.
    """
    if not await hub.client.serves(FLEETSECRETS):
        raise PermanentError(
            "cli.not_installed",
            "Keyfleet is not installed on this hub",
            hint="`keyfleet install` makes it the hub; --context chooses another",
        )


async def installed_domain(hub: Hub) -> str:
    """Return the annotation domain this hub was installed with; the default where unknown."""
    try:
        found = await hub.client.find_metadata(NAMESPACES, SYSTEM_NAMESPACE)
    except DeniedError:
        return DEFAULT_DOMAIN
    annotations = (found.annotations if found else None) or {}
    return annotations.get(DOMAIN_ANNOTATION) or DEFAULT_DOMAIN
