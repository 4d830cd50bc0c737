# SPDX-License-Identifier: Apache-2.0
"""What a cluster's watches and the memory say together: echo, drift, and when to read."""

import traceback
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.unit.engine.fakecluster import Asked, FakeCluster
from tests.unit.engine.fakes import (
    EAST,
    INSTALLATION,
    OTHER_VALUE,
    VALUE,
    intent_of,
    jitter,
    key_of,
)

from keyfleet.base.errors import DeniedError, KeyfleetError, PermanentError
from keyfleet.base.keyring import Keyring, ephemeral_keyring
from keyfleet.base.log import NoHooks
from keyfleet.engine.members.member import Member, MemberEvents
from keyfleet.engine.members.memory import Spot
from keyfleet.engine.views import actual_from_secret
from keyfleet.kube.client import Client
from keyfleet.kube.collection import Collection
from keyfleet.kube.objects import Metadata, metadata_of
from keyfleet.kube.requests import one_object
from keyfleet.model.intent import SecretRef
from keyfleet.model.matchers import ChosenNamespaces
from keyfleet.model.ownership import MARKED, Installation, Marker
from keyfleet.model.places import IntentKey, NamespaceFacts
from keyfleet.testing.clock import FakeClock

SPOT = ("payments", "db")
KEY = key_of()
READ = Asked("get", "Secret", "db")


class FakeInformer:
    """A watch that shows what a test tells it."""

    made: list["FakeInformer"] = []  # noqa: RUF012 - emptied by the fixture

    def __init__(
        self,
        client: Client,
        what: Collection[Metadata],
        on_change: Callable[..., None],
        **rest: Any,
    ) -> None:
        del client
        self.what = what
        self.rest = rest
        self.items: dict[Spot, Metadata] = {}
        self.synced = True
        self.error: KeyfleetError | None = None
        self.heard_at = 0.0
        self.nudges = 0
        self._on_change = on_change
        FakeInformer.made.append(self)

    async def run(self) -> None:
        return None

    def nudge(self) -> None:
        self.nudges += 1

    def show(self, metadata: Metadata) -> None:
        old = self.items.get(metadata.key)
        self.items[metadata.key] = metadata
        self._on_change(metadata.key, old, metadata)

    def lose(self, spot: Spot) -> None:
        self._on_change(spot, self.items.pop(spot), None)


class Heard(MemberEvents):
    """Notes what the member tells."""

    def __init__(self) -> None:
        self.targets: list[set[IntentKey]] = []
        self.namespaces: list[tuple[NamespaceFacts | None, NamespaceFacts | None]] = []
        self.sources: list[SecretRef] = []

    def target_changed(self, member: Member, intents: set[IntentKey], spot: Spot) -> None:
        del member
        assert spot == SPOT
        self.targets.append(intents)

    def namespace_changed(
        self, member: Member, old: NamespaceFacts | None, new: NamespaceFacts | None
    ) -> None:
        del member
        self.namespaces.append((old, new))

    def source_changed(self, member: Member, ref: SecretRef) -> None:
        del member
        self.sources.append(ref)


def marks_of(name: str = "db") -> dict[str, Any]:
    marker = Marker(
        hub=INSTALLATION.hub,
        kind="FleetSecret",
        intent_namespace="payments",
        intent_name=name,
        intent_uid="uid",
        cluster=EAST.uid,
        namespace="payments",
        name="db",
    )
    marks = MARKED.marks(marker, INSTALLATION)
    return {"labels": dict(marks.labels), "annotations": dict(marks.annotations)}


class Bench:
    """A ready member and its watches."""

    def __init__(self) -> None:
        FakeInformer.made = []
        self.cluster = FakeCluster()
        self.heard = Heard()
        self.member = Member(
            EAST,
            self.cluster,
            INSTALLATION,
            events=self.heard,
            clock=FakeClock(),
            random=jitter(),
            hooks=NoHooks(),
        )
        self.targets, self.namespaces = FakeInformer.made
        self.member.is_ready = True

    def write(self, *, by: str = "db", shown: bool = True, uid: str = "u1") -> Metadata:
        """Let somebody write the target; return its metadata."""
        found = self.cluster.put_secret(k=VALUE, metadata={**marks_of(by), "uid": uid})
        metadata = metadata_of(found)
        if shown:
            self.targets.show(metadata)
        return metadata

    async def deliver(self) -> Metadata:
        """Write the target as a pass does: remembered, and not shown yet."""
        metadata = self.write(shown=False)
        secret = await self.cluster.find_secret(*SPOT)
        assert secret is not None
        self.member.memory.wrote(SPOT, actual_from_secret(secret, INSTALLATION, KEY), KEY)
        self.cluster.asked.clear()
        return metadata


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr("keyfleet.engine.members.watchmaker.Informer", FakeInformer)
    return Bench()


async def test_the_echo_of_an_own_write_is_no_news(bench: Bench) -> None:
    bench.targets.show(await bench.deliver())
    assert bench.heard.targets == []
    assert bench.member.memory.ahead() == set()


async def test_an_event_from_before_an_own_write_is_no_news(bench: Bench) -> None:
    before = bench.write(shown=False)
    await bench.deliver()
    bench.targets.show(before)
    assert bench.heard.targets == []
    assert bench.member.memory.ahead() == {SPOT}


async def test_a_target_is_owned_before_the_watch_shows_it(bench: Bench) -> None:
    """Else an intent that stops wanting it meanwhile would never delete it: the echo is no news."""
    await bench.deliver()
    assert await bench.member.owned(KEY) == [SPOT]


async def test_a_write_of_somebody_else_is_news_to_its_intent(bench: Bench) -> None:
    bench.targets.show(await bench.deliver())
    bench.write()
    assert bench.heard.targets == [{KEY}]


async def test_a_marker_that_changed_hands_is_news_to_both(bench: Bench) -> None:
    bench.write()
    bench.write(by="other")
    assert bench.heard.targets == [{KEY}, {KEY, key_of("other")}]
    assert await bench.member.owned(KEY) == []
    assert await bench.member.owned(key_of("other")) == [SPOT]
    assert (bench.member.owners(), bench.member.target_count) == ({key_of("other")}, 1)


async def test_an_own_deletion_is_no_news_and_another_is(bench: Bench) -> None:
    metadata = bench.write()
    bench.heard.targets.clear()
    bench.member.memory.deleted(SPOT, metadata.uid)
    bench.targets.lose(SPOT)
    assert bench.heard.targets == []
    bench.write(uid="u2")
    bench.heard.targets.clear()
    bench.targets.lose(SPOT)
    assert bench.heard.targets == [{KEY}]
    assert bench.member.owners() == set()


async def test_an_echo_that_comes_before_the_answer_is_no_news(bench: Bench) -> None:
    with bench.member.writing(SPOT):
        bench.write()
        assert bench.heard.targets == [], "who wrote is known when the write has been answered"
        secret = await bench.cluster.find_secret(*SPOT)
        assert secret is not None
        written = actual_from_secret(secret, INSTALLATION, KEY)
        bench.member.memory.wrote(SPOT, written, KEY)
    assert bench.heard.targets == []
    assert bench.member.memory.ahead() == set()


async def test_a_foreign_write_during_an_own_one_is_news_after_it(bench: Bench) -> None:
    with bench.member.writing(SPOT):
        await bench.deliver()
        bench.write(by="other")
    assert bench.heard.targets == [{key_of("other")}]


async def test_a_change_during_a_write_that_failed_is_news(bench: Bench) -> None:
    def lose_the_answer() -> None:
        with bench.member.writing(SPOT):
            bench.write()
            raise KeyfleetError("x.lost", "the answer got lost")

    with pytest.raises(KeyfleetError):
        lose_the_answer()
    assert bench.heard.targets == [{KEY}]


async def test_an_own_deletion_seen_before_its_answer_is_no_news(bench: Bench) -> None:
    metadata = bench.write()
    bench.heard.targets.clear()
    with bench.member.writing(SPOT):
        bench.targets.lose(SPOT)
        bench.member.memory.deleted(SPOT, metadata.uid)
    assert bench.heard.targets == []


async def test_an_older_object_that_goes_is_no_news_of_the_one_written(bench: Bench) -> None:
    bench.write(uid="u0")
    bench.heard.targets.clear()
    with bench.member.writing(SPOT):
        bench.targets.lose(SPOT)
        await bench.deliver()
    assert bench.heard.targets == []
    assert bench.member.memory.ahead() == {SPOT}


async def test_what_was_written_is_known_before_the_watch_shows_it(bench: Bench) -> None:
    metadata = await bench.deliver()
    actual = await bench.member.actual(*SPOT, KEY)
    assert actual is not None
    assert (actual.resource_version, actual.data) == (metadata.resource_version, None)
    assert bench.cluster.asked == []


async def test_what_is_shown_as_remembered_is_not_read(bench: Bench) -> None:
    bench.targets.show(await bench.deliver())
    actual = await bench.member.actual(*SPOT, KEY)
    assert actual is not None
    assert (actual.type, actual.fingerprint != "") == ("Opaque", True)
    assert bench.cluster.asked == []


async def test_another_version_is_read_once(bench: Bench) -> None:
    bench.write()
    for _ in range(2):
        assert await bench.member.actual(*SPOT, KEY) is not None
    assert bench.cluster.asked == [READ]


async def test_another_intent_reads_for_itself(bench: Bench) -> None:
    bench.targets.show(await bench.deliver())
    assert await bench.member.actual(*SPOT, key_of("other")) is not None
    assert bench.cluster.asked == [READ]


async def test_what_no_watch_shows_is_absent_until_a_write_met_something(bench: Bench) -> None:
    bench.cluster.put_secret(k=OTHER_VALUE)
    assert await bench.member.actual(*SPOT, KEY) is None
    bench.member.memory.doubt(SPOT)
    for _ in range(2):
        assert await bench.member.actual(*SPOT, KEY) is not None
    assert bench.cluster.asked == [READ, READ]
    del bench.cluster.objects["secrets", "payments", "db"]
    for _ in range(2):
        assert await bench.member.actual(*SPOT, KEY) is None
    assert len(bench.cluster.asked) == 3


async def test_a_write_that_a_complete_list_does_not_show_was_taken_away(bench: Bench) -> None:
    await bench.deliver()
    hooks = bench.targets.rest["hooks"]
    hooks.watch_changed("east", "secrets", "listing")
    hooks.watch_changed("east", "secrets", "live")
    assert bench.heard.targets == [{KEY}]
    assert bench.member.memory.is_doubted(SPOT)


async def test_a_write_made_while_a_list_is_under_way_is_not_missed_in_it(bench: Bench) -> None:
    hooks = bench.targets.rest["hooks"]
    hooks.watch_changed("east", "secrets", "listing")
    await bench.deliver()
    hooks.watch_changed("east", "secrets", "live")
    assert bench.heard.targets == []
    assert bench.member.memory.ahead() == {SPOT}


async def test_nothing_is_told_before_the_member_is_ready(bench: Bench) -> None:
    bench.member.is_ready = False
    bench.write()
    bench.namespaces.show(Metadata(name="payments"))
    assert (bench.heard.targets, bench.heard.namespaces) == ([], [])
    assert await bench.member.owned(KEY) == [SPOT]


async def test_a_namespace_is_news_when_placement_could_see_a_difference(bench: Bench) -> None:
    first, second = Metadata(name="a", resource_version="1"), Metadata(name="a", labels={"x": "1"})
    bench.namespaces.show(first)
    bench.namespaces.show(Metadata(name="a", resource_version="2"))
    bench.namespaces.show(second)
    bench.namespaces.lose(("", "a"))
    plain, labelled = NamespaceFacts("a"), NamespaceFacts("a", {"x": "1"})
    assert bench.heard.namespaces == [(None, plain), (plain, labelled), (labelled, None)]


async def test_what_is_listed_beyond_the_watch_is_not_remembered(bench: Bench) -> None:
    bench.write()
    bench.cluster.put_secret("other", k=VALUE, metadata={**marks_of("other"), "uid": "u2"})
    bench.member.is_ready = False
    await bench.member.start()
    assert bench.member.memory.get(SPOT) is not None
    assert bench.member.memory.get(("payments", "other")) is None


@pytest.mark.parametrize("which", [0, 1])
async def test_a_collection_that_is_too_large_is_said_instead_of_waited_for(
    bench: Bench, which: int
) -> None:
    informer = FakeInformer.made[which]
    informer.synced = False
    informer.error = PermanentError("watch.overfull", "more than is kept")
    for _ in range(9):
        with pytest.raises(PermanentError):
            await bench.member.start()
    assert len(traceback.extract_tb(informer.error.__traceback__)) < 8


async def test_where_namespaces_are_hidden_the_named_are_taken_to_exist(bench: Bench) -> None:
    bench.namespaces.synced = False
    bench.namespaces.error = DeniedError("api.forbidden", "forbidden")
    named = intent_of(namespaces=ChosenNamespaces(("a", "b")))
    assert list(await bench.member.namespaces(named)) == ["a", "b"]
    with pytest.raises(DeniedError):
        await bench.member.namespaces(intent_of(namespaces=ChosenNamespaces(("*",))))


async def test_a_source_is_watched_by_name_once_and_until_nobody_reads_it(bench: Bench) -> None:
    ref = SecretRef("payments", "src")
    bench.member.watch_source(ref)
    bench.member.watch_source(ref)
    (watch,) = FakeInformer.made[2:]
    assert watch.what.selection == one_object("payments", "src")
    watch.show(Metadata(name="src", namespace="payments"))
    assert bench.heard.sources == [ref]
    bench.member.nudge()
    bench.member.unwatch_source(ref)
    bench.member.nudge()
    assert [one.nudges for one in FakeInformer.made] == [2, 2, 1]


async def test_a_source_that_may_not_be_watched_is_known_as_such(bench: Bench) -> None:
    """Its changes would not be heard of, so the worker reads it from time to time."""
    ref = SecretRef("payments", "src", EAST.name)
    bench.member.watch_source(ref)
    assert bench.member.is_watching(ref)
    FakeInformer.made[-1].error = DeniedError("api.forbidden", "forbidden")
    assert not bench.member.is_watching(ref)


FOREIGN_KEY = Installation(INSTALLATION.hub, Keyring({"k9": bytes(32)}))
FORGED = Installation(INSTALLATION.hub, Keyring({INSTALLATION.ring.signing_id: bytes(31) + b"x"}))
UNSIGNED = Installation(INSTALLATION.hub, ephemeral_keyring())


@pytest.mark.parametrize("by", [FOREIGN_KEY, FORGED, UNSIGNED])
def test_only_what_we_signed_says_how_far_an_intent_has_come(
    bench: Bench, by: Installation
) -> None:
    """A tenant who forges a marker with a huge revision would lift that of another's intent."""
    bench.write()
    assert [marker.revision for marker in bench.member.markers(KEY)] == [0]
    marks = MARKED.marks(replace_revision(bench.member.markers(KEY)[0], 10**12), by)
    forged = {"labels": dict(marks.labels), "annotations": dict(marks.annotations), "uid": "u2"}
    bench.targets.show(metadata_of(bench.cluster.put_secret(k=VALUE, metadata=forged)))
    assert bench.member.markers(KEY) == []


def replace_revision(marker: Marker, revision: int) -> Marker:
    return msgspec.structs.replace(marker, revision=revision)
