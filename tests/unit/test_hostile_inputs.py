# SPDX-License-Identifier: Apache-2.0
"""What strangers can write, drawn at random: nothing raises but our errors, and nothing grants.

Markers, annotated Secrets, FleetSecrets and FleetPolicies are read from objects that a tenant or a
member's administrator wrote. The readers are asked with bytes, with documents of the right shape
and wrong content, and with real ones of which one thing was changed.
"""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.codec import encode_canonical
from keyfleet.base.errors import InvalidIntentError
from keyfleet.base.keyring import Keyring, lengths_prefixed
from keyfleet.dialects.annotated.translate import WORDS
from keyfleet.dialects.annotated.translate import translate as translate_annotated
from keyfleet.dialects.native.translate import translate as translate_native
from keyfleet.engine.policies import policies_from
from keyfleet.model.intent import Intent, Origin
from keyfleet.model.ownership import (
    MARKED,
    OWNER_ANNOTATION,
    Claim,
    Installation,
    Marker,
    Spot,
    read_marker,
    sign,
)
from keyfleet.model.places import ClusterFacts, ClusterName, ClusterUid, NamespaceFacts
from keyfleet.model.policy import Policies
from keyfleet.model.selectors import OPERATORS
from keyfleet.model.v1alpha1.common import LabelSelector, LabelSelectorRequirement
from keyfleet.model.v1alpha1.selection import selector

HUB = "01234567-89ab-cdef-0123-456789abcdef"
US = Installation(HUB, Keyring({"k1": b"n" * 32}))
SPOT = Spot("uid-east", "pay", "db")
MARKER = sign(
    Marker(
        hub=HUB,
        kind="FleetSecret",
        intent_namespace="pay",
        intent_name="db",
        intent_uid="u1",
        cluster="uid-east",
        namespace="pay",
        name="db",
        revision=7,
        source="v1:k1:00",
        labels=("team",),
        provenance=({"env": "prod"}, {"a": "b"}),
    ),
    US,
)
TEXT = msgspec.json.encode(MARKER).decode()

word = st.text(max_size=12)
odd = st.text(
    alphabet="\x00\x1b\n\r\t ,;:/.*=!()[]{}\"'\\%_-aZ09\xe9\u0435\u202e\ud7ff", max_size=20
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | word | odd,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(word, inner, max_size=3),
    max_leaves=10,
)


def claim(text: str) -> Claim:
    return MARKED.claims({OWNER_ANNOTATION: text}, SPOT, US).claim


# Markers.


@given(st.text() | odd | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_no_text_is_a_signed_marker(text: str) -> None:
    assert claim(text) is not Claim.OURS


changes = st.dictionaries(st.sampled_from(list(msgspec.json.decode(TEXT))) | word, anything)


@given(changes)
def test_no_document_is_a_signed_marker(document: dict[str, Any]) -> None:
    assert claim(msgspec.json.encode(document).decode()) is not Claim.OURS


@given(changes)
def test_a_signed_marker_with_other_fields_says_the_same_or_is_not_ours(
    document: dict[str, Any],
) -> None:
    text = msgspec.json.encode({**msgspec.json.decode(TEXT), **document}).decode()
    assert claim(text) is not Claim.OURS or read_marker({OWNER_ANNOTATION: text}) == MARKER


@given(st.data())
def test_a_changed_text_is_the_same_marker_or_not_ours(data: st.DataObject) -> None:
    """A byte more, less or other: what still verifies says exactly what was signed."""
    at = data.draw(st.integers(0, len(TEXT) - 1))
    put = data.draw(st.characters(max_codepoint=0x2FF) | st.just(""))
    length = data.draw(st.integers(0, 2))
    text = TEXT[:at] + put + TEXT[at + length :]
    if claim(text) is Claim.OURS:
        assert read_marker({OWNER_ANNOTATION: text}) == MARKER


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace('"revision":7', '"revision":7,"revision":8'),
        TEXT.replace('"revision":7', '"revision":8,"revision":7'),
        TEXT.replace('"revision":7', '"revision":7.0'),
        TEXT.replace("pay", "\\u0070ay"),
        TEXT + " ",
        TEXT + TEXT,
        TEXT.replace('"team"', '"team","other"'),
        TEXT.replace('"env":"prod"', '"env":"prod","env":"test"'),
        TEXT.replace('{"env":"prod"},{"a":"b"}', '{"a":"b"},{"env":"prod"}'),
        TEXT.replace('{"env":"prod"},{"a":"b"}', '{"env":"prod","a":"b"}'),
    ],
)
def test_another_spelling_says_the_same_or_is_not_ours(text: str) -> None:
    """Repeated keys, escapes and blanks: the meaning is signed, not the spelling."""
    assert claim(text) is not Claim.OURS or read_marker({OWNER_ANNOTATION: text}) == MARKER


markers = st.builds(
    Marker,
    hub=word,
    kind=word,
    intent_namespace=word,
    intent_name=word,
    intent_uid=word,
    cluster=word,
    namespace=word,
    name=word,
    cluster_name=word,
    crd=word,
    domain=word,
    revision=st.integers(0, 2**53),
    labels=st.lists(word, max_size=3).map(tuple),
    annotations=st.lists(word, max_size=3).map(tuple),
    provenance=st.lists(st.dictionaries(word, word, max_size=2), max_size=2).map(tuple),
    released=st.booleans(),
)


@given(markers, markers)
def test_no_two_markers_are_signed_as_the_same_bytes(one: Marker, other: Marker) -> None:
    assert (encode_canonical(one) == encode_canonical(other)) is (one == other)


@given(markers, st.data())
def test_moving_a_letter_from_one_field_to_the_next_breaks_the_signature(
    marker: Marker, data: st.DataObject
) -> None:
    names = [name for name in Marker.__struct_fields__ if isinstance(getattr(marker, name), str)]
    first = data.draw(st.sampled_from([name for name in names if name != "mac"]))
    second = data.draw(st.sampled_from([name for name in names if name not in ("mac", first)]))
    text = getattr(marker, first)
    moved = {first: text[:-1], second: text[-1:] + getattr(marker, second)}
    changed = msgspec.structs.replace(sign(marker, US), **moved)
    is_same = msgspec.structs.replace(changed, mac="") == marker
    assert (sign(changed, US).mac == changed.mac) is is_same


@given(st.lists(st.binary(max_size=9), max_size=4), st.lists(st.binary(max_size=9), max_size=4))
def test_no_two_lists_of_parts_give_the_same_bytes(one: list[bytes], other: list[bytes]) -> None:
    assert (lengths_prefixed(one) == lengths_prefixed(other)) is (one == other)


# Declarations.

TENANT = "evil"
ORIGIN = Origin("test", "FleetSecret", TENANT, "x", uid="u", generation=1)
EAST = ClusterFacts(ClusterName("east"), ClusterUid("uid-east"), {"env": "prod"})
HUB_FACTS = ClusterFacts(ClusterName("center"), ClusterUid(HUB), is_hub=True)


def is_confined(intent: Intent) -> bool:
    """Tell whether an intent asks for nothing in its own name that policies would not catch."""
    asker, ref = NamespaceFacts(intent.key.namespace), intent.reads[0].ref
    may_read = Policies().may_read(asker, HUB_FACTS, ref.namespace)
    others = [name for name in intent.targets.namespaces.names if name != TENANT]
    may_write = [
        Policies().may_write(asker, EAST, NamespaceFacts(name), "Opaque") for name in others
    ]
    return (
        (intent.key.namespace, intent.key.name) == (TENANT, "x")
        and may_read == (ref.namespace == TENANT)
        and not any(may_write)
    )


domain_words = st.sampled_from(WORDS).map(lambda name: f"keyfleet.io/{name}")
values = st.sampled_from(["true", "*", "east", "a,b", "a=b", "victim", "kube-system"]) | odd


@given(st.dictionaries(domain_words | odd, values))
def test_no_annotation_speaks_for_another_namespace(annotations: dict[str, str]) -> None:
    manifest = {"metadata": {"annotations": {**annotations, "keyfleet.io/enabled": "true"}}}
    found = translate_annotated(manifest, ORIGIN, domain="keyfleet.io")
    assert len(found.intents) + len(found.rejections) == (OWNER_ANNOTATION not in annotations)
    for intent in found.intents:
        assert is_confined(intent)
        assert (intent.reads[0].ref.namespace, intent.reads[0].ref.name) == (TENANT, "x")
        assert not intent.reads[0].ref.cluster


references = st.fixed_dictionaries(
    {"name": word | odd},
    optional={"namespace": values, "cluster": values | st.just("hub"), "x": anything},
)
placements = st.fixed_dictionaries(
    {},
    optional={
        "clusters": st.dictionaries(st.sampled_from(["names", "selector", "exclude"]), anything),
        "namespaces": st.dictionaries(
            st.sampled_from(["names", "exclude"]), st.lists(values, max_size=3)
        ),
        "name": values,
    },
)


@given(references, placements, st.dictionaries(word, anything, max_size=2))
def test_no_fleetsecret_speaks_for_another_namespace(
    reference: dict[str, Any], placement: dict[str, Any], more: dict[str, Any]
) -> None:
    spec = {"source": {"secretRef": reference}, "placement": placement, **more}
    found = translate_native({"spec": spec, "metadata": {"namespace": "other"}}, ORIGIN)
    assert len(found.intents) + len(found.rejections) == 1
    assert all(is_confined(intent) for intent in found.intents)


@given(anything)
def test_a_policy_that_cannot_be_read_grants_nothing(spec: object) -> None:
    """It forbids something unknown, too: so while it is there nothing is delivered."""
    document = {"metadata": {"name": "p"}, "spec": spec}
    read = policies_from([document], is_complete=True)
    asker = NamespaceFacts(TENANT)
    if read.refused or not isinstance(spec, dict) or "namespaces" not in spec:
        assert not read.policies.may_read(asker, HUB_FACTS, "victim")
        assert not read.policies.may_write(asker, EAST, NamespaceFacts("victim"), "Opaque")


# Selectors.

keys = st.sampled_from(["env", "team", "a/b", "", "-", "x" * 64]) | odd
operators = st.sampled_from(OPERATORS) | odd
label_values = st.sampled_from(["prod", "test", "", "-"]) | odd
requirements = st.builds(
    LabelSelectorRequirement,
    key=keys,
    operator=operators,
    values=st.lists(label_values, max_size=3).map(tuple),
)


@given(
    st.builds(
        LabelSelector,
        match_labels=st.dictionaries(keys, label_values, max_size=2),
        match_expressions=st.lists(requirements, max_size=2).map(tuple),
    ),
    st.dictionaries(st.sampled_from(["env", "team"]), st.sampled_from(["prod", "test"])),
)
def test_any_selector_is_read_or_refused_and_grants_nothing_more(
    spec: LabelSelector, labels: dict[str, str]
) -> None:
    """What it matches is what Kubernetes says of it, said here a second time."""
    try:
        found = selector(spec, path="spec")
    except InvalidIntentError:
        return
    wanted = all(labels.get(key) == value for key, value in spec.match_labels.items())
    wanted &= all(_holds(one, labels) for one in spec.match_expressions)
    assert found.matches(labels) is wanted


def _holds(one: LabelSelectorRequirement, labels: dict[str, str]) -> bool:
    is_in = labels.get(one.key) in one.values
    is_there = one.key in labels
    return {
        "In": is_in,
        "NotIn": not is_in,
        "Exists": is_there,
        "DoesNotExist": not is_there,
    }[one.operator]
