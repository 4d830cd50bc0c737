# SPDX-License-Identifier: Apache-2.0
"""Rules about SealedSecrets: what can be seen without a key, and what only keys tell."""

from collections.abc import Iterator, Mapping

from keyfleet.base.errors import InvalidInputError, KeyfleetError
from keyfleet.base.sealing import SCOPE_ANNOTATIONS, Envelope, Keyset, Scope
from keyfleet.cli.sealing.files.sealedtext import WHOLE, SealedDocument, SealedItem
from keyfleet.cli.sealing.keyring.ring import Ring, short
from keyfleet.cli.sealing.keyring.usage import Openers
from keyfleet.cli.sealing.linting.complaints import Complaint, Place, Rule, Severity, mapping

MALFORMED = Rule(
    "sealed-malformed", Severity.ERROR, "seal the value again; it may be cut off or wrapped"
)
NO_NAME = Rule("sealed-name", Severity.ERROR, "give metadata.name as it was when it was sealed")
EMPTY = Rule("sealed-empty", Severity.WARNING, "seal its values, or remove it")
SCOPE_VALUE = Rule(
    "scope-value", Severity.ERROR, 'write "true" with quotes; anything else is not set'
)
SCOPE_BOTH = Rule("scope-both", Severity.WARNING, "leave one out: cluster-wide counts")
SCOPE_UNKNOWN = Rule(
    "scope-unknown",
    Severity.WARNING,
    "it means nothing; strict is what counts without an annotation",
)
SCOPE_TEMPLATE = Rule(
    "scope-template",
    Severity.WARNING,
    "it counts in metadata.annotations only; here it marks the Secret that is made",
)
TWICE = Rule("item-twice", Severity.WARNING, "leave one out: which counts differs between releases")
EXPORTED = Rule("sealed-exported", Severity.WARNING, "remove what the API server wrote")
WRONG_CLUSTER = Rule(
    "wrong-cluster", Severity.ERROR, "seal it for this cluster, or move it to the other's folder"
)
WRONG_SCOPE = Rule(
    "wrong-scope", Severity.ERROR, "correct the annotation, name or namespace, or seal it again"
)
UNKNOWN_KEY = Rule(
    "unknown-key", Severity.ERROR, "seal it again; the key may be lost, or of another fleet"
)
OUT_OF_USE = Rule(
    "key-out-of-use", Severity.ERROR, "`keyfleet reseal --from-key`, and change the value"
)
OLD_KEY = Rule("old-key", Severity.NOTE, "`keyfleet reseal` seals it for the newest key")
KEY_SIZE = Rule(
    "key-size", Severity.WARNING, "it may be sealed for another cluster: check with its keys"
)

_SMALLEST, _TAG = 128, 16
"""Bytes: a modulus of 1024 bits, and what AES-GCM adds."""
_DOMAIN = "sealedsecrets.bitnami.com/"
_IGNORED = (f"{_DOMAIN}strict", f"{_DOMAIN}scope")
_WRITTEN = ("uid", "resourceVersion", "managedFields", "selfLink")


def sealed_complaints(place: Place, document: SealedDocument, cluster: str) -> Iterator[Complaint]:
    """Yield what is wrong with a SealedSecret, as far as can be seen without keys.

    Args:
        place: Where it is.
        document: What it says.
        cluster: Cluster that its folder is for; empty: not known.
    """
    yield from _metadata(place, document, cluster)
    yield from _scope(place, document)
    yield from _items(place, document)


def opened_complaints(
    place: Place,
    document: SealedDocument,
    cluster: str,
    rings: Mapping[str, Ring],
    openers: Openers,
) -> Iterator[Complaint]:
    """Yield what only keys tell: whether the values open here, and under this scope; CPU-bound."""
    for item in document.items:
        if _fault(item.text):
            continue
        use = openers.use(place.file, cluster, document, item)
        path = _path(document, item)
        if use.is_foreign:
            message = f"{item.name} of {document} opens in {use.holder}, not in {cluster}"
            yield place.says(path, WRONG_CLUSTER, message)
        elif use.problem is not None:
            yield place.says(path, *_unopened(document, item, cluster, rings))
        else:
            yield from _of_key(place, path, item, rings[use.holder], use.fingerprint)


def size_complaints(
    place: Place, document: SealedDocument, cluster: str, sizes: set[int]
) -> Iterator[Complaint]:
    """Yield values that none of a cluster's certificates can have sealed, by their size.

    Args:
        place: Where it is.
        document: What it says.
        cluster: Whose certificates they are.
        sizes: Bytes of the moduli of its certificates.
    """
    for item in document.items:
        if _fault(item.text):
            continue
        bits = len(Envelope.parse(item.text).wrapped) * 8
        if bits // 8 not in sizes:
            message = f"{item.name} of {document} is sealed for a key of {bits} bits; {cluster} has"
            found = ", ".join(str(size * 8) for size in sorted(sizes))
            yield place.says(_path(document, item), KEY_SIZE, f"{message} {found}")


def _metadata(place: Place, document: SealedDocument, cluster: str) -> Iterator[Complaint]:
    metadata = mapping(document.content.get("metadata"))
    where = (*document.path, "metadata")
    if not document.name:
        yield place.says(where, NO_NAME, "a SealedSecret without a name")
    if cluster and document.sealed_for not in ("", cluster):
        message = f"{document} is sealed for {document.sealed_for} and lies in {cluster}"
        yield place.says(where, WRONG_CLUSTER, message)
    for name in _WRITTEN:
        if name in metadata:
            yield place.says((*where, name), EXPORTED, f"metadata.{name} of a cluster")
            break


def _scope(place: Place, document: SealedDocument) -> Iterator[Complaint]:
    metadata = mapping(document.content.get("metadata"))
    annotations = mapping(metadata.get("annotations"))
    where = (*document.path, "metadata", "annotations")
    set_ones = [name for name in sorted(SCOPE_ANNOTATIONS) if annotations.get(name) == "true"]
    for name in sorted(SCOPE_ANNOTATIONS & annotations.keys()):
        if annotations[name] not in ("true", "false", ""):
            yield place.says((*where, name), SCOPE_VALUE, f"{name} is not the text true")
    if len(set_ones) > 1:
        yield place.says((*where, set_ones[0]), SCOPE_BOTH, "two scopes at once")
    for name in _IGNORED:
        if name in annotations:
            yield place.says((*where, name), SCOPE_UNKNOWN, f"{name} is no scope")
    template = mapping(mapping(document.content.get("spec")).get("template"))
    inner = mapping(mapping(template.get("metadata")).get("annotations"))
    for name in sorted(SCOPE_ANNOTATIONS & inner.keys() - annotations.keys()):
        path = (*document.path, "spec", "template", "metadata", "annotations", name)
        yield place.says(path, SCOPE_TEMPLATE, f"{name} in the template alone")


def _items(place: Place, document: SealedDocument) -> Iterator[Complaint]:
    spec = mapping(document.content.get("spec"))
    template = mapping(mapping(spec.get("template")).get("data"))
    if not document.items and not template:
        yield place.says((*document.path, "spec"), EMPTY, f"{document} holds nothing")
    for item in document.items:
        if fault := _fault(item.text):
            message = f"{item.name} of {document}: {fault}"
            yield place.says(_path(document, item), MALFORMED, message)
        if item.name in template:
            path = (*document.path, "spec", "template", "data", item.name)
            yield place.says(path, TWICE, f"{item.name} is sealed and in the template")


def _fault(text: str) -> str:
    """Return why no key could open a sealed value; empty: one could."""
    try:
        envelope = Envelope.parse(text)
    except InvalidInputError as error:
        return error.message
    if len(envelope.wrapped) < _SMALLEST or len(envelope.ciphertext) < _TAG:
        return "sealed value is too short"
    return ""


def _unopened(
    document: SealedDocument, item: SealedItem, cluster: str, rings: Mapping[str, Ring]
) -> tuple[Rule, str]:
    own = [ring for name, ring in rings.items() if cluster in ("", name)]
    for ring in own or rings.values():
        found = _scope_that_opens(document, item, ring.keyset)
        if found is not None:
            message = f"{item.name} of {document} is sealed as {found}, not as {document.scope}"
            return WRONG_SCOPE, message
    return UNKNOWN_KEY, f"{item.name} of {document} is opened by no key, or not under this name"


def _scope_that_opens(document: SealedDocument, item: SealedItem, keyset: Keyset) -> Scope | None:
    for scope in Scope:
        try:
            keyset.open(item.text, scope.label(document.namespace, document.name))
        except KeyfleetError:
            continue
        return scope
    return None


def _of_key(
    place: Place, path: tuple[str | int, ...], item: SealedItem, ring: Ring, fingerprint: str
) -> Iterator[Complaint]:
    key = ring.named(fingerprint)
    if key is None or ring.newest is None:
        return
    if not key.is_active:
        message = f"{item.name} is sealed with {short(fingerprint)}, which is {key.state}"
        yield place.says(path, OUT_OF_USE, message)
    elif fingerprint != ring.newest.fingerprint:
        message = f"{item.name} is sealed with {short(fingerprint)}, not with the newest key"
        yield place.says(path, OLD_KEY, message)


def _path(document: SealedDocument, item: SealedItem) -> tuple[str | int, ...]:
    where = ("data",) if item.name == WHOLE else ("encryptedData", item.name)
    return (*document.path, "spec", *where)
