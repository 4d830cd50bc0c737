# SPDX-License-Identifier: Apache-2.0
"""Several watches look like one, and a denied one is left out."""

from dataclasses import dataclass, field
from typing import cast

from keyfleet.base.errors import DeniedError, KeyfleetError, UnreachableError
from keyfleet.engine.members.scopes import ScopedWatch
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import Metadata

DENIED = DeniedError("api.forbidden", "forbidden")
AWAY = UnreachableError("api.away", "away")


@dataclass
class FakeWatch:
    """What a `ScopedWatch` looks at of an informer."""

    items: dict[tuple[str, str], Metadata] = field(default_factory=dict)
    synced: bool = True
    error: KeyfleetError | None = None
    heard_at: float = 1.0
    nudged: bool = False

    def nudge(self) -> None:
        self.nudged = True


def scoped(*watches: FakeWatch) -> ScopedWatch:
    waiting = list(watches)
    return ScopedWatch(
        [f"n{number}" for number in range(len(watches))],
        lambda _: cast("Informer[Metadata]", waiting.pop(0)),
    )


def found(name: str) -> Metadata:
    return Metadata(name=name)


def test_shows_the_items_of_all() -> None:
    watch = scoped(
        FakeWatch({("a", "x"): found("x")}),
        FakeWatch({("b", "y"): found("y"), ("b", "z"): found("z")}),
    )
    assert sorted(watch.items) == [("a", "x"), ("b", "y"), ("b", "z")]
    assert len(watch.items) == 3
    assert watch.items["b", "y"].name == "y"
    assert ("a", "y") not in watch.items
    assert watch.items.get(("a", "y")) is None


def test_is_synced_when_every_part_is_that_may_be_seen() -> None:
    assert scoped(FakeWatch(), FakeWatch()).synced
    assert not scoped(FakeWatch(), FakeWatch(synced=False)).synced
    assert scoped(FakeWatch(), FakeWatch(synced=False, error=DENIED)).synced
    assert not scoped(FakeWatch(synced=False, error=DENIED)).synced
    assert not scoped(*[FakeWatch(synced=False, error=DENIED) for _ in range(2)]).synced


def test_a_denied_part_is_an_error_only_where_nothing_else_is_seen() -> None:
    denied = FakeWatch(synced=False, error=DENIED)
    assert scoped(FakeWatch(), denied).error is None
    assert scoped(denied).error is DENIED
    assert scoped(denied, FakeWatch(synced=False, error=AWAY), FakeWatch()).error is AWAY


def test_is_as_old_as_its_quietest_part_that_may_be_seen() -> None:
    denied = FakeWatch(synced=False, error=DENIED, heard_at=float("-inf"))
    assert scoped(FakeWatch(heard_at=7.0), FakeWatch(heard_at=3.0), denied).heard_at == 3.0


def test_a_nudge_reaches_every_part() -> None:
    parts = [FakeWatch(), FakeWatch()]
    scoped(*parts).nudge()
    assert [part.nudged for part in parts] == [True, True]
