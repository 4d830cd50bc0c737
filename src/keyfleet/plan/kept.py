# SPDX-License-Identifier: Apache-2.0
"""Is a target what templates made of the very inputs of now? Then nothing is rendered anew.

Functions of time and chance give another text each time. So inputs are compared, not outputs: as
long as a target's marker names the inputs of now, and its data is what was delivered then, it is as
wanted. What somebody changed is rendered and written anew.
"""

from collections.abc import Collection, Mapping

from keyfleet.base.keyring import split_digest
from keyfleet.base.secret import SecretValue
from keyfleet.model.data import fingerprint
from keyfleet.model.desired import Actual
from keyfleet.model.ownership import Claim, Holding, Installation
from keyfleet.model.places import IntentKey


def is_kept(
    key: IntentKey, holding: Holding, actual: Actual, *, inputs: Collection[str], type_: str
) -> bool:
    """Tell whether the data of a target may stay as it is.

    Args:
        key: The intent that asks.
        holding: Whose the target is; only a signed marker counts, as anybody can write another.
        actual: The target.
        inputs: Fingerprints of the inputs of now, under each key of the installation.
        type_: The wanted type.
    """
    marker = holding.marker
    return (
        marker is not None
        and holding.claim is Claim.OURS
        and marker.intent == key
        and marker.inputs in inputs
        and actual.is_as_marked
        and actual.type == type_
    )


def kept_metadata(
    key: IntentKey,
    installation: Installation,
    holding: Holding,
    actual: Actual,
    names: tuple[Collection[str], Collection[str]],
) -> tuple[dict[str, str], dict[str, str]] | None:
    """Return the labels and annotations of a kept target that templates made.

    Args:
        key: The intent that asks.
        installation: Whose key the marker's fingerprint is of.
        holding: Whose the target is, with its marker.
        actual: The target.
        names: Of the labels and of the annotations that templates make.
    Returns:
        None when somebody changed one, so that they have to be made anew.
    """
    labels = {name: actual.labels[name] for name in names[0] if name in actual.labels}
    found = actual.annotations
    annotations = {name: found[name] for name in names[1] if name in found}
    marker = holding.marker
    if marker is None or not installation.ring.knows(marker.metadata):
        return None
    key_id = split_digest(marker.metadata)[0]
    now = metadata_fingerprint(key, installation, labels, annotations, key_id=key_id)
    return (labels, annotations) if now == marker.metadata else None


def metadata_fingerprint(
    key: IntentKey,
    installation: Installation,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    *,
    key_id: str | None = None,
) -> str:
    """Return the fingerprint of labels and annotations that templates made."""
    texts = {f"label {name}": text for name, text in labels.items()}
    texts |= {f"annotation {name}": text for name, text in annotations.items()}
    data = {name: SecretValue(text.encode()) for name, text in texts.items()}
    return fingerprint(
        installation.ring, hub=installation.hub, intent=key, data=data, key_id=key_id
    )
