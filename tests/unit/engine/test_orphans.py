# SPDX-License-Identifier: Apache-2.0
"""What an intent that is gone left behind, as soon as its own writes are known."""

from typing import cast

from tests.unit.engine.passbench import Bench

from keyfleet.engine.declarations.everywhere import Everywhere
from keyfleet.engine.deletion.confirm import Confirmations
from keyfleet.engine.orphans import Orphans
from keyfleet.model.places import ClusterName, IntentKey


class Known:
    """All manifests are known."""

    def deletion_hold(self, *_: object) -> None:
        return None

    def dialect_of(self, kind: str) -> tuple[str, str]:
        return kind, kind


class Asked:
    """Confirms that an intent is gone; notes of which it was asked."""

    def __init__(self) -> None:
        self.keys: list[IntentKey] = []

    async def objection(self, key: IntentKey, *_: object) -> None:
        self.keys.append(key)


class Cleaner:
    """A bench whose intent is gone, and what it told."""

    def __init__(self, bench: Bench) -> None:
        self.asked = Asked()
        self.changed: list[tuple[IntentKey, ClusterName | None]] = []
        self._bench = bench
        self._orphans = Orphans(
            cast("Everywhere", Known()),
            bench.intents,
            cast("Confirmations", self.asked),
            bench.passes,
            changed=lambda key, cluster: self.changed.append((key, cluster)),
        )

    async def clean_up(self) -> None:
        bench = self._bench
        bench.intents.drop(bench.intent.key)
        await self._orphans.clean_up(bench.entry, bench.member, bench.intent.key)


async def test_what_was_written_goes_though_no_watch_has_shown_it_yet() -> None:
    """Its echo, which comes later, is no news to anybody: nothing else would take it away."""
    bench = Bench()
    await bench.run()
    assert bench.member.markers(bench.intent.key) == []
    cleaner = Cleaner(bench)
    await cleaner.clean_up()
    assert bench.data() is None
    assert cleaner.asked.keys == [bench.intent.key]
    assert cleaner.changed == [(bench.intent.key, bench.entry.name)]


async def test_what_we_neither_signed_nor_wrote_makes_nobody_ask() -> None:
    bench = Bench()
    await bench.run()
    spot = ("payments", "db")
    bench.member.memory.settle(spot)
    cleaner = Cleaner(bench)
    await cleaner.clean_up()
    assert bench.data() is not None
    assert cleaner.asked.keys == []
