# SPDX-License-Identifier: Apache-2.0
"""From what stores give to what targets should hold: all of it, or nothing and why."""

import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.unit.engine.fakes import EAST, HUB, INSTALLATION, OTHER_VALUE, intent_of, key_of
from tests.unit.engine.stores.bench import STORE, VALUE, WIDE, Bench, read_of

from keyfleet.base.errors import UnreachableError
from keyfleet.base.secret import SecretValue
from keyfleet.engine.material import reading_of
from keyfleet.engine.shaping import (
    SECRET_DELETED,
    SECRET_RETAINED,
    Shaped,
    Surroundings,
    shape_intent,
)
from keyfleet.kube.client import Client
from keyfleet.model.assembly import Assembly, Piece
from keyfleet.model.decoding import Decoding
from keyfleet.model.intent import Guard, Intent, OnMissing, Shape
from keyfleet.model.places import ClusterFacts, ClusterName, NamespaceFacts, TargetFacts
from keyfleet.model.plan import State
from keyfleet.model.policy import Policies
from keyfleet.model.stores import How
from keyfleet.sources.kubernetes import SOURCE
from keyfleet.testing.canary import canary
from keyfleet.transform.assembly.assembling import QUICK_BYTES

FACTS = TargetFacts(EAST, NamespaceFacts("payments"))
DELETE = Guard(on_source_missing=OnMissing.DELETE)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    bench.put()
    yield bench
    await bench.stores.close()


async def shape(bench: Bench, intent: Intent, policies: Policies | None = None) -> Shaped:
    def resolve(name: ClusterName) -> tuple[ClusterFacts, Client] | None:
        return None if name else (HUB, bench.cluster)

    surroundings = Surroundings(
        installation=INSTALLATION,
        policies=policies or Policies(),
        sources={"kubernetes": SOURCE},
        resolve=resolve,
        revise=lambda *_: 7,
        crd_uid=lambda _: "crd-1",
        stores=bench.stores,
    )
    return await shape_intent(intent, surroundings)


def pieces(*found: Piece, **guard: Any) -> Intent:
    """Return an intent with one entry for each piece."""
    reads = tuple(read_of(piece.key, how=piece.how) for piece in found)
    return intent_of(reads=reads, shape=Shape(assembly=Assembly(found)), **guard)


def value(key: str, own: str = "", **more: Any) -> Piece:
    return Piece(How.VALUE, own or key, key=key, path=f"spec.data ({key})", **more)


def data_of(shaped: Shaped) -> dict[str, SecretValue]:
    assert shaped.desired is not None, shaped.finding
    return dict(shaped.desired(FACTS).base.data)


async def test_a_single_value_gets_its_key(bench: Bench) -> None:
    assert data_of(await shape(bench, intent_of(reads=(read_of(),)))) == {"k": VALUE}


async def test_a_map_gives_its_own_keys(bench: Bench) -> None:
    read = read_of(how=How.MAP)
    assert data_of(await shape(bench, intent_of(reads=(read,)))) == {"k": VALUE}


async def test_pieces_are_put_together_in_their_order(bench: Bench) -> None:
    bench.provider.values["other"] = OTHER_VALUE
    intent = pieces(Piece(How.MAP, key="db"), value("other", "k"), value("db", "extra"))
    assert data_of(await shape(bench, intent)) == {"k": OTHER_VALUE, "extra": VALUE}


async def test_one_entry_that_fails_fails_the_whole(bench: Bench) -> None:
    found = await shape(bench, pieces(value("db"), value("absent")))
    assert found.desired is None
    assert found.finding is not None
    assert (found.finding.state, found.finding.reason) == (State.PENDING, "SourceMissing")
    assert "spec.data[0] (key: absent)" in found.finding.message
    assert found.again_s is not None
    assert not found.is_source_gone


async def test_entries_that_are_gone_are_left_out_where_that_was_asked_for(bench: Bench) -> None:
    intent = pieces(value("db"), value("absent", skips_missing=True))
    assert data_of(await shape(bench, intent)) == {"db": VALUE}


async def test_targets_go_with_the_last_secret_of_a_store(bench: Bench) -> None:
    intent = pieces(value("absent", skips_missing=True), guard=DELETE)
    found = await shape(bench, intent)
    assert found.is_source_gone
    assert found.finding is not None
    assert (found.finding.state, found.finding.reason) == (State.IN_SYNC, SECRET_DELETED)


async def test_a_search_that_finds_nothing_keeps_the_targets(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.provider.values["nothing"] = VALUE
    intent = pieces(Piece(How.SEARCH, key="nothing"))

    def nothing(*_: object) -> dict[str, SecretValue]:
        return {}

    await bench.read(read_of("nothing"))
    monkeypatch.setattr(bench.provider.sessions[0], "answer", nothing)
    found = await shape(bench, intent)
    assert found.finding is not None
    assert (found.finding.state, found.finding.reason) == (State.IN_SYNC, SECRET_RETAINED)
    assert not found.is_source_gone


async def test_a_merge_delivers_that_nothing_is_left(bench: Bench) -> None:
    found = await shape(bench, pieces(value("absent", skips_missing=True)))
    assert data_of(found) == {}
    assert found.is_empty


async def test_a_fleet_secrets_targets_go_with_its_source_only_where_asked(bench: Bench) -> None:
    absent = read_of("absent")
    stays = await shape(bench, intent_of(reads=(absent,)))
    goes = await shape(bench, intent_of(reads=(absent,), guard=DELETE))
    assert (stays.is_source_gone, goes.is_source_gone) == (False, True)


@pytest.mark.parametrize("error", [UnreachableError("x.gone", "no answer")])
async def test_an_error_is_never_absence(bench: Bench, error: UnreachableError) -> None:
    bench.provider.failures = [error]
    intent = pieces(value("db", skips_missing=True), guard=DELETE)
    found = await shape(bench, intent)
    assert found.finding is not None
    assert (found.finding.state, found.is_source_gone) == (State.PENDING, False)


async def test_what_cannot_be_put_together_is_read_again_later(bench: Bench) -> None:
    bench.provider.values["db"] = SecretValue(canary("no base64!"))
    found = await shape(bench, pieces(value("db", decoding=Decoding.BASE64)))
    assert found.finding is not None
    assert found.finding.state is State.FAILED
    assert found.again_s is not None
    assert "canary" not in f"{found.finding}"


async def test_another_controllers_store_silences_the_whole(bench: Bench) -> None:
    bench.put(controller="another")
    found = await shape(bench, pieces(value("db")))
    assert found.is_foreign
    assert bench.provider.logins == []


async def test_the_lineage_names_the_store(bench: Bench) -> None:
    found = await shape(bench, pieces(value("db")))
    (part,) = found.lineage.parts
    assert (part.cluster, part.namespace, part.store) == (HUB, "payments", STORE)
    assert found.source_spots == ()
    assert str(found.source) == "hub/payments/vault"


async def test_the_fingerprint_is_of_what_was_put_together(bench: Bench) -> None:
    one = await shape(bench, pieces(value("db", "k")))
    same = await shape(bench, intent_of(reads=(read_of(how=How.MAP),)))
    bench.provider.values["db"] = OTHER_VALUE
    other = await shape(bench, pieces(value("db", "k")))
    prints = [found.asker.source_fingerprint for found in (one, same, other)]
    assert prints[0] == prints[1] != prints[2]


async def test_who_may_not_use_a_store_does_not_learn_whether_it_is_there(bench: Bench) -> None:
    stranger = key_of(namespace="strangers")
    reads = (read_of(),)
    there = await shape(bench, intent_of(stranger, reads=reads))
    bench.objects.drop(STORE)
    gone = await shape(bench, intent_of(stranger, reads=reads))
    assert there.finding == gone.finding
    assert there.finding is not None
    assert there.finding.reason == "SourceMissing"
    assert bench.provider.logins == []


async def test_conditions_hold_for_fleet_secrets_too(bench: Bench) -> None:
    bench.put(WIDE, conditions=[{"namespaces": ["shop"]}])
    found = await shape(bench, intent_of(reads=(read_of(store=WIDE),)))
    assert found.finding is not None
    assert (found.finding.state, found.finding.reason) == (State.REFUSED, "StoreNotAllowed")


async def test_while_the_policies_are_unknown_no_store_is_asked(bench: Bench) -> None:
    found = await shape(bench, pieces(value("db")), Policies(is_complete=False))
    assert found.finding is not None
    assert found.finding.reason == "PolicyUnknown"
    assert bench.provider.logins == []


async def test_what_takes_long_is_put_together_beside_the_loop(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []

    def watched(*args: Any) -> Any:
        threads.append(threading.current_thread().name)
        return reading_of(*args)

    monkeypatch.setattr("keyfleet.engine.shaping.reading_of", watched)
    bench.provider.values["large"] = SecretValue(b"x" * (QUICK_BYTES + 1))
    for key in ("db", "large"):
        await shape(bench, pieces(value(key)))
    assert threads[0] == threading.main_thread().name
    assert threads[1].startswith("answer")
