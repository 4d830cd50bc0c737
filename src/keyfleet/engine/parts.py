# SPDX-License-Identifier: Apache-2.0
"""What an engine is made of, put together by `app`."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from keyfleet.base.clock import Clock
from keyfleet.base.log import Hooks
from keyfleet.engine.declarations.claims import Claims
from keyfleet.engine.declarations.telling import NewRecorder
from keyfleet.engine.sealing.settings import SealingSettings
from keyfleet.engine.statuses import Tell
from keyfleet.kube.client import Client
from keyfleet.model.intent import SecretRef
from keyfleet.model.ownership import Installation
from keyfleet.plugin import Dialect, Inventory, Source
from keyfleet.plugin.stores import Provider


@dataclass(frozen=True, slots=True)
class Parts:
    """What an engine is made of."""

    hub: Client
    installation: Installation
    dialects: tuple[Dialect, ...]
    sources: Mapping[str, Source]
    inventory: Inventory
    clock: Clock
    hooks: Hooks
    tell: Tell
    """Where Kubernetes Events on the hub go."""
    new_recorder: NewRecorder | None = None
    """Makes what sends Kubernetes Events to a member."""
    claims: Claims = field(default_factory=Claims)
    """Which manifests of other tools' kinds are ours."""
    secret_changed: Callable[[SecretRef], None] = lambda _: None
    """Told about every change of a Secret on the hub: one of them holds the keys."""
    hub_rewound: Callable[[], None] = lambda: None
    """Told when the hub was restored to an earlier state: this engine is of no use any more."""
    domain: str = "keyfleet.io"
    """Annotation domain in force."""
    random: Random = field(default_factory=Random)
    providers: Mapping[str, Provider] = field(default_factory=dict)
    """Of stores, by the key under `spec.provider`."""
    generators: Mapping[str, Provider] = field(default_factory=dict)
    """By kind."""
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Settings of providers, such as `AWS_ENDPOINT_URL`."""
    sealing: SealingSettings = field(default_factory=SealingSettings)
    """How sealing keys are found, made and renewed."""
    randomness: Callable[[int], bytes] = secrets.token_bytes
    """Unguessable bytes, for what generators make."""
    may_write: Callable[[], bool] = lambda: True
    """Whether this replica leads; asked at the end, since who lost the lead writes nothing more."""
