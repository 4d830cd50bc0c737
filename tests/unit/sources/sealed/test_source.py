# SPDX-License-Identifier: Apache-2.0
"""Sealed items are opened all or none, and every one that does not open is named."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace

import pytest

from keyfleet.base.errors import NotReadyError, UnsealError
from keyfleet.base.sealing import Keyset, Scope, load_certificate, load_key
from keyfleet.base.secret import SecretValue
from keyfleet.model.data import SecretData
from keyfleet.model.intent import Read
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.sealed import SealedRead
from keyfleet.sources.sealed import SealedSource
from keyfleet.testing.canary import canary
from keyfleet.testing.sealing import key_pair

INTENT = IntentKey("SealedSecret", "pay", "db")
VALUE = SecretValue(canary("password"))


class Keys:
    """References of one cluster with these keys."""

    def __init__(self, *names: str) -> None:
        self.asked: list[str] = []
        self._keys = Keyset([load_key(key_pair(name).key) for name in names])

    def cluster(self, name: ClusterName) -> object:
        raise NotImplementedError(name)

    def keys(self, name: ClusterName) -> Keyset:
        self.asked.append(name)
        return self._keys


def sealed(value: SecretValue = VALUE, label: bytes = b"pay/db", key: str = "one") -> str:
    return load_certificate(key_pair(key).certificate).seal(value, label)


def a_read(whole: str | None = None, scope: Scope = Scope.STRICT, **items: str) -> Read:
    return read_of(items, whole=whole, scope=scope)


def read_of(
    items: Mapping[str, str], *, whole: str | None = None, scope: Scope = Scope.STRICT
) -> Read:
    ref = SealedRead("pay", "db", items, scope, ClusterName("east"), whole=whole)
    return Read("sealed", ref)


async def opened(read: Read, keys: Keys, *, takes_whole: bool = True) -> SecretData:
    session = await SealedSource(takes_whole).open(keys, INTENT)
    return await session.read(read)


async def failure(read: Read, keys: Keys, *, takes_whole: bool = True) -> UnsealError:
    with pytest.raises(UnsealError) as caught:
        await opened(read, keys, takes_whole=takes_whole)
    assert caught.value.code == "source.unsealing"
    return caught.value


async def test_opens_items_of_several_keys() -> None:
    """Source: compat/sealed-secrets.md 1.3, "several keys"."""
    keys = Keys("one", "two")
    found = await opened(a_read(a=sealed(), b=sealed(key="two")), keys)
    assert found.entries() == {"a": VALUE, "b": VALUE}
    assert found.type == ""
    assert keys.asked == ["east"]


async def test_opens_more_items_than_a_turn_has() -> None:
    items = {f"item-{n}": sealed(SecretValue(canary(str(n)))) for n in range(20)}
    found = await opened(read_of(items), Keys("one"))
    wanted = {f"item-{n}": SecretValue(canary(str(n))) for n in range(20)}
    assert found.entries() == wanted


async def test_holds_nothing_without_items() -> None:
    assert (await opened(a_read(), Keys("one"))).entries() == {}


@pytest.mark.parametrize(
    ("scope", "label"), [(Scope.NAMESPACE_WIDE, b"pay"), (Scope.CLUSTER_WIDE, b"")]
)
async def test_opens_under_the_label_of_the_scope(scope: Scope, label: bytes) -> None:
    text = sealed(label=label)
    assert (await opened(a_read(scope=scope, a=text), Keys("one"))).entries() == {"a": VALUE}
    await failure(a_read(a=text), Keys("one"))


async def test_names_every_item_that_fails_in_upstreams_words() -> None:
    """Source: compat/sealed-secrets.md 1.4."""
    read = a_read(
        username=sealed(label=b"other/db"), good=sealed(), password=sealed(key="two"), odd="A*"
    )
    error = await failure(read, Keys("one"))
    assert error.message == (
        "illegal base64 data at input byte 1 (odd)\n"
        "no key could decrypt secret (password, username)"
    )
    assert error.subject == "east/pay/db"


@pytest.mark.parametrize("text", ["", "AA==", "AQAA", "A" * (3 * 1024 * 1024)])
async def test_says_of_what_is_no_envelope_that_no_key_opens_it(text: str) -> None:
    assert (await failure(a_read(a=text), Keys("one"))).message == "no key could decrypt secret (a)"


async def test_hint_says_which_keys_were_tried_under_which_name() -> None:
    error = await failure(a_read(a=sealed(key="other")), Keys("one", "two"))
    assert "2 keys of east" in error.hint
    assert "name db in namespace pay" in error.hint


@pytest.mark.parametrize(
    ("meant_for", "says"),
    [("west", "sealed for west; tried"), ("w" * 999, f"for {'w' * 63}; "), ("east", ""), ("", "")],
)
async def test_hint_says_which_other_cluster_a_file_is_for(meant_for: str, says: str) -> None:
    read = a_read(a=sealed(key="other"))
    assert isinstance(read.ref, SealedRead)
    found = replace(read, ref=replace(read.ref, meant_for=meant_for))
    hint = (await failure(found, Keys("one"))).hint
    assert says in hint if says else hint.startswith("tried ")


async def test_hint_says_that_there_is_no_key() -> None:
    assert "no sealing key" in (await failure(a_read(a=sealed()), Keys())).hint


async def test_version_is_of_the_sealed_text() -> None:
    text = sealed()
    first, again = [await opened(a_read(a=text), Keys("one")) for _ in range(2)]
    other = await opened(a_read(a=sealed()), Keys("one"))
    assert first.version == again.version != other.version


async def test_keys_that_are_not_known_yet_are_no_failure() -> None:
    class Unknown(Keys):
        def keys(self, name: ClusterName) -> Keyset:
            raise NotReadyError("sealing.keys_unknown", "not known", name)

    with pytest.raises(NotReadyError):
        await opened(a_read(a=sealed()), Unknown())


async def test_opens_beside_the_event_loop() -> None:
    """A thread that is busy does not keep the loop busy."""
    held = asyncio.Event()
    loop = asyncio.get_running_loop()
    texts = {f"item-{n}": sealed() for n in range(16)}
    work = asyncio.ensure_future(opened(read_of(texts), Keys("one")))  # noqa: TID251 - a test
    loop.call_soon(held.set)
    await held.wait()
    assert not work.done()
    assert len((await work).entries()) == len(texts)


def whole(**fields: object) -> str:
    document = {"apiVersion": "v1", "kind": "Secret", **fields}
    return sealed(SecretValue(json.dumps(document).encode()))


async def test_opens_a_complete_secret() -> None:
    """Source: compat/sealed-secrets.md 1.5."""
    text = whole(
        metadata={"name": "x", "labels": {"app": "a"}, "annotations": {"note": "b"}},
        type="example.com/own",
        data={"password": b64encode(canary("password")).decode()},
        stringData={"user": canary("user").decode()},
    )
    found = await opened(a_read(whole=text), Keys("one"))
    assert found.entries() == {"password": VALUE, "user": SecretValue(canary("user"))}
    assert found.type == "example.com/own"
    assert found.apparel.labels == {"app": "a"}
    assert found.apparel.annotations == {"note": "b"}


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"data": {"a": 5}}'])
async def test_refuses_what_is_no_secret(content: bytes) -> None:
    error = await failure(a_read(whole=sealed(SecretValue(content))), Keys("one"))
    assert error.message == "what was sealed is no Secret"
    assert error.__context__ is None


async def test_a_bad_complete_secret_quotes_nothing() -> None:
    content = SecretValue(b'{"data": {"a": "' + canary("quoted") + b'"}')
    error = await failure(a_read(whole=sealed(content)), Keys("one"))
    assert canary("quoted").decode() not in error.diagnostics()


async def test_says_that_the_old_format_is_switched_off() -> None:
    error = await failure(a_read(whole=whole()), Keys("one"), takes_whole=False)
    assert error.message.startswith("using deprecated 'data' field, use 'encryptedData'")


async def test_refuses_both_formats_at_once() -> None:
    read = a_read(whole=whole(), a=sealed())
    assert "at the same time" in (await failure(read, Keys("one"))).message


async def test_a_moved_manifest_does_not_open() -> None:
    read = a_read(a=sealed())
    assert isinstance(read.ref, SealedRead)
    await failure(replace(read, ref=replace(read.ref, name="other")), Keys("one"))
