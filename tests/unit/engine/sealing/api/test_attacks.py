# SPDX-License-Identifier: Apache-2.0
"""What nobody gets out of the API: a wider scope, another place, a hint at a value."""

import base64
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.engine.sealing.api.fleetkeys import (
    CLUSTER_WIDE,
    FOREIGN,
    HUBS,
    NAMESPACE_WIDE,
    NEW,
    in_time,
    keyset,
    opened,
    rotate,
    rotated,
    sealed,
    sealed_secret,
    verify,
)

from keyfleet.base.codec import encode_json
from keyfleet.base.errors import DeniedError
from keyfleet.base.sealing import Keyset, Opened, Scope, load_certificate, load_key
from keyfleet.base.secret import SecretValue
from keyfleet.engine.sealing.api import answers
from keyfleet.engine.sealing.api.answers import Answer
from keyfleet.testing.canary import CANARY_PREFIX, canary


@pytest.mark.parametrize("wider", [NAMESPACE_WIDE, CLUSTER_WIDE])
def test_no_scope_in_a_template_widens_what_is_sealed_strictly(wider: dict[str, str]) -> None:
    """CVE-2026-22728: the template of somebody else's object asks for a wider scope."""
    template = {"metadata": {"annotations": wider | {"team": "shop"}}}
    found = rotated(sealed_secret(sealed("a"), template=template))
    text = found["spec"]["encryptedData"]["a"]
    assert opened(text, b"shop/db") == canary("a")
    for label in (b"shop", b""):
        with pytest.raises(DeniedError):
            keyset(NEW).open(text, label)
    assert found["spec"]["template"] == {"metadata": {"annotations": {"team": "shop"}}}
    assert "annotations" not in found["metadata"]


def test_a_template_may_say_the_scope_that_is_proven() -> None:
    document = sealed_secret(
        sealed("a", scope=Scope.NAMESPACE_WIDE),
        annotations=NAMESPACE_WIDE,
        template={"metadata": {"annotations": NAMESPACE_WIDE | CLUSTER_WIDE}},
    )
    found = rotated(document)
    assert found["spec"]["template"]["metadata"]["annotations"] == NAMESPACE_WIDE


@pytest.mark.parametrize(
    "claim",
    [
        {"annotations": CLUSTER_WIDE},
        {"annotations": NAMESPACE_WIDE},
        {"name": "mine"},
        {"namespace": "mine"},
        {"namespace": "mine", "name": "mine", "annotations": CLUSTER_WIDE},
        {"namespace": "", "annotations": NAMESPACE_WIDE},
    ],
)
def test_nobody_moves_what_is_sealed_for_another_place(claim: dict[str, Any]) -> None:
    document = sealed_secret(sealed("a"), **claim)
    assert rotate(document) == Answer(500)
    assert verify(document) == Answer(409)


def test_both_labels_of_one_text_stay_what_they_are() -> None:
    """A namespace cannot be called `shop/db`; whoever writes it gets the same label back."""
    document = sealed_secret(sealed("a"), namespace="shop/db", annotations=NAMESPACE_WIDE)
    text = rotated(document)["spec"]["encryptedData"]["a"]
    assert opened(text, b"shop/db") == canary("a")
    for label in (b"shop", b"", b"shop/db/db"):
        with pytest.raises(DeniedError):
            keyset(NEW).open(text, label)


def test_one_item_of_another_place_spoils_all() -> None:
    items = sealed("mine") | sealed("theirs", name="other")
    assert rotate(sealed_secret(items)) == Answer(500)
    assert verify(sealed_secret(items)) == Answer(409)


def _mutations() -> dict[str, str]:
    good = base64.b64decode(sealed("a")["a"])
    flipped = bytearray(good)
    flipped[40] ^= 1
    tagless = bytearray(good)
    tagless[-1] ^= 1
    return {
        "no base64": "!",
        "nothing": "",
        "too short": base64.b64encode(good[:100]).decode(),
        "RSA block": base64.b64encode(flipped).decode(),
        "tag": base64.b64encode(tagless).decode(),
        "cut off": base64.b64encode(good[:-1]).decode(),
        "no tag at all": base64.b64encode(good[:258]).decode(),
        "larger than the key": base64.b64encode(b"\x02\x00" + bytes(600)).decode(),
        "above the modulus": base64.b64encode(b"\x01\x00" + b"\xff" * 256 + good[258:]).decode(),
        "another label": sealed("a", name="other")["a"],
        "another key": sealed("a", pair=FOREIGN)["a"],
    }


@pytest.mark.parametrize(("_how", "text"), _mutations().items())
def test_no_answer_tells_which_step_failed(_how: str, text: str) -> None:
    """Neither a padding nor a parsing oracle: one answer for all that does not open."""
    for items in ({"a": text}, sealed("b") | {"a": text}):
        assert verify(sealed_secret(items)) == Answer(409)
        assert rotate(sealed_secret(items)) == Answer(500)


class Tried(Keyset):
    """Keys that note what they are asked to open."""

    def __init__(self) -> None:
        super().__init__([load_key(NEW.key)])
        self.texts: list[str] = []

    def open(self, text: str, label: bytes) -> Opened:
        self.texts.append(text)
        return super().open(text, label)


@pytest.mark.parametrize("bad", ["a", "b", "c"])
def test_whichever_item_fails_all_are_tried(bad: str) -> None:
    """The time that a refusal takes does not tell which item it was."""
    items = sealed("a", "b", "c", pair=NEW) | sealed(bad, name="other")
    for ask in (answers.verify, answers.rotate):
        tried = Tried()
        ask(replace(HUBS, keyset=tried), encode_json(sealed_secret(items)), in_time)
        assert sorted(tried.texts) == sorted(items.values())


@pytest.mark.parametrize("condition", ["eq .a", "ne .a", "hasPrefix", "contains"])
def test_no_template_is_asked_about_a_value(condition: str) -> None:
    """Upstream's oracle: a template that fails for some values tells them bit by bit."""
    guess = f'{{{{ if {condition} "{CANARY_PREFIX}" }}}}{{{{ fail "" }}}}{{{{ end }}}}'
    found = [
        verify(sealed_secret(sealed("a"), template={"data": {"x": text}}))
        for text in (guess, "{{ .a }}", "{{", '{{ fail "" }}')
    ]
    assert found == [Answer(200)] * 4


def test_time_that_ran_out_ends_the_work() -> None:
    times = iter([True, False])
    body = encode_json(sealed_secret(sealed("a", "b", "c")))
    assert answers.verify(HUBS, body, lambda: next(times)).status == 413
    times = iter([True, False])
    assert answers.rotate(HUBS, body, lambda: next(times)).status == 413


def test_a_whole_secret_is_verified_but_not_taken_apart() -> None:
    certificate = load_certificate(NEW.certificate)
    document = sealed_secret({})
    document["spec"] = {"data": certificate.seal(SecretValue(b"{}"), b"shop/db")}
    assert verify(document).status == 200
    assert rotate(document).status == 500
    document["spec"]["encryptedData"] = sealed("a")
    assert verify(document).status == 409
    document["spec"] = {"data": ""}
    assert verify(document).status == 409
