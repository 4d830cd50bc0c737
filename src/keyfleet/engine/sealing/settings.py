# SPDX-License-Identifier: Apache-2.0
"""How sealing keys are found, made and renewed; upstream's settings and defaults.

Source: compat/sealed-secrets.md 3.2, 3.6.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from keyfleet.base.sealing.certificates import KEY_SIZE
from keyfleet.engine.sealing.keysecrets import DEFAULT_NAMESPACE, DEFAULT_PREFIX, Priority

VALIDITY = timedelta(hours=87600)
RENEW_PERIOD = timedelta(hours=720)


@dataclass(frozen=True, slots=True)
class SealingSettings:
    """The same for every cluster."""

    namespace: str = DEFAULT_NAMESPACE
    """Where each cluster keeps its keys."""
    prefix: str = DEFAULT_PREFIX
    """What the names of new key Secrets begin with, and what the legacy one is called."""
    bits: int = KEY_SIZE
    """Of new keys."""
    validity: timedelta = VALIDITY
    """Of new certificates."""
    common_name: str = ""
    """Of new certificates; empty: they have no name, as upstream's."""
    renew_period: timedelta = RENEW_PERIOD
    """How old the newest key grows before another is made; zero: none is."""
    priority: Priority = Priority.CERT_NOT_BEFORE
    """What makes one key newer than another."""
    cutoff: datetime | None = None
    """A newest key from before this moment is replaced, once the moment is past."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Further ones of new key Secrets."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    """Of new key Secrets."""
    takes_whole: bool = True
    """Whether complete Secrets are opened that were sealed as one text."""
