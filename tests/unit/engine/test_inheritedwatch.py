# SPDX-License-Identifier: Apache-2.0
"""Changes of targets that another tool made are heard until they carry our mark."""

from collections.abc import Callable
from typing import Any, cast

from keyfleet.engine.members.inheritedwatch import InheritedWatches
from keyfleet.engine.members.memory import Spot
from keyfleet.engine.members.watchmaker import WatchMaker
from keyfleet.kube.objects import Metadata
from keyfleet.model.ownership import OWNER_ANNOTATION

LABEL = "tool.example.com/managed=true"
SPOT = ("shop", "db")
THEIRS = Metadata("db", "shop")
OURS = Metadata("db", "shop", annotations={OWNER_ANNOTATION: "{}"})

OnChange = Callable[[Spot, Metadata | None, Metadata | None], None]


class Silent:
    """A watch that never says anything by itself."""

    async def run(self) -> None:
        return None


class Maker:
    """Keeps who would be told."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str]] = []
        self.on_change: list[OnChange] = []

    def watch(self, _resource: object, on_change: OnChange, **how: Any) -> Silent:
        self.made.append((how["namespace"], how["labels"]))
        self.on_change.append(on_change)
        return Silent()


def watches(maker: Maker, told: list[Spot], *scopes: str) -> InheritedWatches:
    return InheritedWatches(cast("WatchMaker", maker), scopes or ("",), told.append)


async def test_a_label_is_watched_once_in_every_scope() -> None:
    maker = Maker()
    found = watches(maker, [], "a", "b")
    found.watch(LABEL)
    found.watch(LABEL)
    assert maker.made == [("a", LABEL), ("b", LABEL)]
    assert len(found.informers()) == 1
    for task in found.clear():
        await task
    assert found.informers() == []


async def test_what_is_not_marked_by_us_is_told_and_the_rest_is_not() -> None:
    maker, told = Maker(), list[Spot]()
    watches(maker, told).watch(LABEL)
    [changed] = maker.on_change
    changed(SPOT, None, THEIRS)
    changed(SPOT, THEIRS, None)
    assert told == [SPOT, SPOT]
    changed(SPOT, THEIRS, OURS)
    changed(SPOT, OURS, None)
    assert told == [SPOT, SPOT]
