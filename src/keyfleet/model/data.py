# SPDX-License-Identifier: Apache-2.0
"""What a source gave: an immutable tree with secret leaves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from keyfleet.base.keyring import Keyring
from keyfleet.base.secret import SecretValue
from keyfleet.model.intent import SecretRef
from keyfleet.model.places import IntentKey

Tree = SecretValue | Mapping[str, "Tree"] | tuple["Tree", ...]
"""A JSON-like document whose leaves are secret."""


@dataclass(frozen=True, slots=True)
class Apparel:
    """What comes with the values of a complete Secret that was sealed as one."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SecretData:
    """The values of one read, with what is public about them."""

    tree: Mapping[str, Tree] = field(default_factory=dict)
    type: str = "Opaque"
    """Secret type at the source, where it has one."""
    version: str = ""
    """The source's own version: a resourceVersion, a Vault version."""
    marks: Mapping[str, str] = field(default_factory=dict)
    """Owner annotation of the object it was read from, when a delivered Secret is a source."""
    apparel: Apparel = field(default_factory=Apparel)
    """What its targets get besides the values."""

    def entries(self) -> dict[str, SecretValue]:
        """Return the flat map: the top-level leaves, by key."""
        return {key: leaf for key, leaf in self.tree.items() if isinstance(leaf, SecretValue)}


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that an intent's reads gave."""

    sources: Mapping[str, SecretData]
    """By the name that templates call them; the only one has none."""
    texts: tuple["Texts", ...] = ()
    """What the objects with templates hold, in the order of the intent's reads."""


@dataclass(frozen=True, slots=True)
class Texts:
    """What one object with templates holds."""

    ref: SecretRef
    entries: Mapping[str, SecretValue]


def fingerprint(
    ring: Keyring,
    *,
    hub: str,
    intent: IntentKey,
    data: Mapping[str, SecretValue],
    key_id: str | None = None,
) -> str:
    """Return one stored fingerprint over all keys and values of an intent's data.

    Args:
        ring: The installation's keys.
        hub: UID of the hub cluster.
        intent: Whose data; the same value has another fingerprint in another intent.
        data: Key name to value; order does not matter.
        key_id: Key to use instead of the signing one, to compare with an older fingerprint.
    Returns:
        `v1:<key id>:<16 hex>`.
    """
    return ring.digest(
        (*_context(hub, intent), *_pairs(data)),
        key_id=key_id,
    )


def empty_fingerprint(ring: Keyring, *, hub: str, intent: IntentKey) -> str:
    """Return the stored fingerprint of no data at all."""
    return fingerprint(ring, hub=hub, intent=intent, data={})


def key_fingerprint(
    ring: Keyring, *, hub: str, intent: IntentKey, key: str, value: SecretValue
) -> str:
    """Return the stored fingerprint of one value, as `fingerprint` for a single key."""
    return ring.digest((*_context(hub, intent), key.encode(), value.reveal()))


def _context(hub: str, intent: IntentKey) -> tuple[bytes, ...]:
    return (
        hub.encode(),
        intent.kind.encode(),
        intent.namespace.encode(),
        intent.name.encode(),
    )


def _pairs(data: Mapping[str, SecretValue]) -> Iterator[bytes]:
    for key in sorted(data):
        yield key.encode()
        yield data[key].reveal()
