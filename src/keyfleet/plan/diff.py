# SPDX-License-Identifier: Apache-2.0
"""Differences for people: key names, sizes and eight digits of a fingerprint, never values."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from keyfleet.base.keyring import shown
from keyfleet.base.secret import SecretValue
from keyfleet.model.data import key_fingerprint
from keyfleet.model.desired import Actual, Content
from keyfleet.model.ownership import Installation
from keyfleet.model.places import IntentKey
from keyfleet.model.plan import Change


def changes(
    key: IntentKey, installation: Installation, actual: Actual | None, content: Content | None
) -> tuple[Change, ...]:
    """Return what separates a live object from the wanted content, equal keys included.

    Args:
        key: The intent whose fingerprints are shown.
        installation: Whose key they are made with.
        actual: The live object with its values; None when absent.
        content: What is wanted; None when the object goes.
    """
    before = (actual.data or {}) if actual else {}
    after = content.data if content else {}
    found = list(_type_change(actual, content))
    found += [
        _key_change(key, installation, name, before.get(name), after.get(name))
        for name in sorted({*before, *after})
    ]
    if content is not None:
        labels = _metadata("label", actual.labels if actual else {}, content.labels)
        annotations = actual.annotations if actual else {}
        for each in (*labels, *_metadata("annotation", annotations, content.annotations)):
            is_veiled = each.name in content.veiled
            found.append(_veiled(key, installation, each) if is_veiled else each)
    return tuple(found)


def _type_change(actual: Actual | None, content: Content | None) -> Iterator[Change]:
    before, after = actual.type if actual else "", content.type if content else ""
    if before and after and before != after:
        yield Change("type", "type", "~", before, after)


def _key_change(
    key: IntentKey,
    installation: Installation,
    name: str,
    before: SecretValue | None,
    after: SecretValue | None,
) -> Change:
    def digest(value: SecretValue | None) -> str:
        if value is None:
            return ""
        return shown(
            key_fingerprint(
                installation.ring, hub=installation.hub, intent=key, key=name, value=value
            )
        )

    if before is None:
        sign = "+"
    elif after is None:
        sign = "-"
    else:
        sign = "=" if before == after else "~"
    return Change(
        "key",
        name,
        sign,
        digest(before),
        digest(after),
        before.size if before else None,
        after.size if after else None,
    )


def _veiled(key: IntentKey, installation: Installation, change: Change) -> Change:
    """Return a change of metadata that a template made from a value, as a change of a key."""

    def digest(text: str) -> str:
        name, value = f"{change.kind} {change.name}", SecretValue(text.encode())
        ring, hub = installation.ring, installation.hub
        found = key_fingerprint(ring, hub=hub, intent=key, key=name, value=value)
        return shown(found) if text else ""

    return replace(change, before=digest(change.before), after=digest(change.after))


def _metadata(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name, value in sorted(after.items()):
        if name not in before:
            yield Change(kind, name, "+", "", value)
        elif before[name] != value:
            yield Change(kind, name, "~", before[name], value)
