# SPDX-License-Identifier: Apache-2.0
"""Open a SealedSecret's items, for a yes or no or to seal them again with a newer key.

The label under which the items are opened is the only proof of what may be done with them. So it is
also the label under which they are sealed again: nothing that the request says can widen it. All
items are tried, whichever fails, so that neither answer nor time tells which one it was. Templates
are never rendered: their outcome would tell the values bit by bit.
Source: compat/sealed-secrets.md 3.4.
"""

from collections.abc import Callable, Mapping
from typing import Any

from keyfleet.base.errors import DeniedError, InvalidInputError
from keyfleet.base.sealing import SCOPE_ANNOTATIONS, Keyset, Opened, Scope, SealingCertificate
from keyfleet.base.secret import SecretValue
from keyfleet.engine.sealing.api.manifest import Document, SealedManifest, texts_of
from keyfleet.kube.resources import SEALEDSECRETS
from keyfleet.model.data import SecretData

_OF_ONE_SERVER = frozenset(
    {
        *("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"),
        *("selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"),
    }
)
"""What a server puts into `metadata`, and would not take from a manifest of another."""
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""A copy of the manifest as it was before."""

InTime = Callable[[], bool]
"""Whether there is still time for this request."""
Convert = Callable[[SecretValue], SecretData]
"""Reads the JSON of a Secret; raises `UnsealError` where it is none."""


def opens(manifest: SealedManifest, keys: Keyset, in_time: InTime) -> bool:
    """Tell whether every item opens; CPU-bound.

    Raises:
        InvalidInputError: `sealing.slow`: there are too many items and keys to try in time.
    """
    read = manifest.read
    found = [_open(keys, text, read.label, in_time) is not None for text in manifest.texts]
    return all(found) and not (read.items and read.whole is not None)


def rotated(
    manifest: SealedManifest,
    keys: Keyset,
    certificate: SealingCertificate,
    in_time: InTime,
    convert: Convert | None = None,
) -> Document:
    """Return the SealedSecret with every item sealed anew, under the same label; CPU-bound.

    Args:
        manifest: What is asked for.
        keys: Those that may open it.
        certificate: Of the key that it is sealed for.
        in_time: Asked before each item.
        convert: Takes a complete Secret apart that was sealed as one text; None: none is taken.

    Raises:
        UnsealError: What was sealed as one text is no Secret.
        DeniedError: `sealing.no_key`: not every item opens.
        InvalidInputError: `sealing.slow`: there are too many items and keys to try in time.
    """
    read = manifest.read
    if read.whole is None:
        opened, template = _opened_items(manifest, keys, in_time), manifest.template
    else:
        opened, template = _opened_whole(manifest, keys, in_time, convert)
    sealed = {name: certificate.seal(value, read.label) for name, value in opened.items()}
    return _manifest(manifest, sealed, template)


def _opened_items(
    manifest: SealedManifest, keys: Keyset, in_time: InTime
) -> dict[str, SecretValue]:
    read = manifest.read
    found = {
        name: _open(keys, text, read.label, in_time) for name, text in sorted(read.items.items())
    }
    opened = {name: item.value for name, item in found.items() if item is not None}
    if len(opened) != len(found):
        raise _no_key()
    return opened


def _opened_whole(
    manifest: SealedManifest, keys: Keyset, in_time: InTime, convert: Convert | None
) -> tuple[dict[str, SecretValue], Document]:
    """Return the items of a complete Secret, and what is said of it in clear from now on.

    Its annotations stay sealed, which here means that they are lost: kubectl and others keep copies
    of whole manifests in them.
    """
    read = manifest.read
    if convert is None or read.whole is None or read.items:
        raise _no_key()
    whole = _open(keys, read.whole, read.label, in_time)
    if whole is None:
        raise _no_key()
    found = convert(whole.value)
    items = {name: value for name, value in found.tree.items() if isinstance(value, SecretValue)}
    labels = dict(found.apparel.labels)
    metadata = {"metadata": {"labels": labels}} if labels else {}
    return items, {**metadata, **({"type": found.type} if found.type else {})}


def _no_key() -> DeniedError:
    return DeniedError("sealing.no_key", "no key could decrypt secret")


def _open(keys: Keyset, text: str, label: bytes, in_time: InTime) -> Opened | None:
    if not in_time():
        raise InvalidInputError("sealing.slow", "too many sealed items to try")
    try:
        return keys.open(text, label)
    except (InvalidInputError, DeniedError):
        return None


def _manifest(manifest: SealedManifest, sealed: Mapping[str, str], template: Document) -> Document:
    scope = manifest.read.scope
    spec: Document = {"encryptedData": dict(sealed)}
    if template:
        spec["template"] = _template(template, scope)
    return {
        "apiVersion": SEALEDSECRETS.api_version,
        "kind": SEALEDSECRETS.kind,
        "metadata": _with_annotations(manifest.metadata, scope.annotations()),
        "spec": spec,
    }


def _template(template: Document, scope: Scope) -> Document:
    """Return it as it is, but never with a scope that the items were not opened under.

    Whoever exports the Secret and seals it again would widen its scope by these.
    """
    found = template.get("metadata")
    if not found:
        return template
    said = texts_of(found, "annotations")
    own = {name: text for name, text in scope.annotations().items() if said.get(name) == text}
    return {**template, "metadata": _with_annotations(found, own)}


def _with_annotations(metadata: Mapping[str, Any], scope: Mapping[str, str]) -> Document:
    """Return metadata for any server, with these annotations for its scope."""
    dropped = {*SCOPE_ANNOTATIONS, _LAST_APPLIED}
    found = texts_of(metadata, "annotations")
    kept = {name: text for name, text in found.items() if name not in dropped}
    annotations = {**kept, **scope}
    rest = {
        name: value
        for name, value in metadata.items()
        if name not in _OF_ONE_SERVER and name != "annotations"
    }
    return {**rest, **({"annotations": annotations} if annotations else {})}
