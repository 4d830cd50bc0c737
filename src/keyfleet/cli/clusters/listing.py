# SPDX-License-Identifier: Apache-2.0
"""`keyfleet clusters`: FleetClusters as the controller recorded them, bare contexts as they are."""

from collections.abc import Sequence
from datetime import datetime

from keyfleet.cli.choosing import chosen_clusters
from keyfleet.cli.clusters.entries import Entry, entry_of_contact, entry_of_document
from keyfleet.cli.exits import Exit
from keyfleet.cli.hub import open_hub
from keyfleet.cli.members import Members, open_members
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import Answer, age, show
from keyfleet.cli.tables import Column

_COLUMNS = (
    *map(Column, ("NAME", "READY", "REASON", "VERSION", "ROLES", "AGE")),
    *(Column(name, is_wide=True) for name in ("LABELS", "UID", "VIA", "MESSAGE")),
)


async def list_clusters(*, common: Common = NO_OPTIONS) -> Exit:
    """Show the clusters of the fleet.

    FleetClusters are shown as the controller last recorded them. Contexts of the kubeconfig that
    have none are contacted now.
    """
    async with open_hub(common) as hub, open_members(hub) as members:
        found = await _entries(members, common)
        now = hub.clock.now()
    show(clusters_answer(found, now), common)
    return Exit.DONE


async def _entries(members: Members, common: Common) -> list[Entry]:
    chosen = chosen_clusters(members.live.facts(), common)
    declared = [
        entry_of_document(document)
        for name, document in members.documents.items()
        if chosen is None or name in chosen
    ]
    bare = [name for name in members.contexts if chosen is None or name in chosen]
    contacts = await members.contact(bare)
    return sorted([*declared, *map(entry_of_contact, contacts)], key=lambda entry: entry.name)


def clusters_answer(found: Sequence[Entry], now: datetime) -> Answer:
    """Return the clusters in every format."""
    not_ready = sum(entry.ready != "True" for entry in found)
    number = f"{len(found)} cluster{'s' if len(found) != 1 else ''}"
    return Answer(
        columns=_COLUMNS,
        rows=[_row(entry, now) for entry in found],
        document={"items": [entry.document() for entry in found]},
        names=[entry.name for entry in found],
        summary=f"{number}, {not_ready} not ready" if not_ready else f"{number}, all ready",
    )


def _row(entry: Entry, now: datetime) -> tuple[str, ...]:
    labels = ",".join(f"{key}={value}" for key, value in sorted(entry.labels.items()))
    return (
        *(entry.name, entry.ready, entry.reason, entry.version, ",".join(entry.roles)),
        *(age(entry.created, now), labels, entry.uid, entry.via, entry.message),
    )
