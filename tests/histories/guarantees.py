# SPDX-License-Identifier: Apache-2.0
"""What must hold, one function per guarantee; each returns what speaks against it.

They look at what is stored, at what the controllers wrote and when, and at what people had asked
for (`reference.Facts`), never at the controllers' own state. Numbers as in docs/concepts.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from itertools import product

import msgspec
from tests.histories.reference import (
    HUB,
    SECRETS,
    Data,
    Document,
    Facts,
    Intent,
    Place,
    Who,
    is_broken,
    is_findable,
    marker_of,
    who_holds,
    without_chance,
)
from tests.histories.world import Moment, World, Write

from keyfleet.testing.canary import find_canary

STALE_S = 25.0
"""A decision may be as old as a request may take, and some."""
BLURRED_S = 200.0
"""The same while watches may be silent."""
SETTLED_S = 4.0
"""A change is everywhere within this time, where the way is clear."""
CALM_S = 200.0
"""Back-offs and silent watches are over after this time of clear weather."""

COUNTED_S = 590.0
"""Deletions of ten minutes count together; clocks of two controllers differ a little."""
LIMIT, LIMIT_TOTAL = 1, 3
"""How many targets may go by `deeds.limit_deletions`, of an intent that lives and of any."""

_VERSION = re.compile(r"kf-canary-([a-z0-9.-]+)\.v(\d+)\.")
_LEASE = "leases.coordination.k8s.io"


def recent(world: World, at_s: float, *, after_s: float = -1.0) -> Iterator[Moment]:
    """Give what people had asked for at a time and shortly before, but not what ended earlier."""
    is_blurred = any(
        at_s - world.disturbed_s.get(context, -1e9) < BLURRED_S for context in world.planes
    )
    since_s = max(after_s, at_s - (BLURRED_S if is_blurred else STALE_S))
    for moment in reversed(world.moments):
        if moment.at_s > at_s:
            continue
        yield moment
        if moment.at_s < since_s:
            return


def secret_writes(writes: Iterable[Write]) -> Iterator[tuple[Write, Place]]:
    """Give the writes to Secrets, and where they went."""
    for write in writes:
        if write.change.label == SECRETS:
            namespace, name = write.change.key
            if namespace != "keyfleet-system":
                yield write, (write.cluster, namespace, name)


def g1_no_value_outside_secrets(world: World, writes: list[Write]) -> list[str]:
    """No value is stored outside Secrets' data, or said."""
    found = []
    for write in writes:
        after = write.change.after
        if after is None:
            continue
        is_secret = write.change.label == SECRETS
        shown = msgspec.json.encode(after.metadata) if is_secret else after.full
        if find_canary(shown):
            found.append(f"G1: a value in {write.change.label} {write.change.key}")
    said = "\n".join(world.said)
    if find_canary(said):
        lines = [line for line in world.said if find_canary(line)]
        found.append(f"G1: a value was logged: {lines[:2]}")
    return found


def g1_no_value_in_metrics(world: World) -> list[str]:
    """No value shows on the metrics page of any controller that ever ran."""
    pages = [metrics.render()[0] for metrics in world.metrics]
    return [
        f"G1: a value in metrics page {place}"
        for place, page in enumerate(pages)
        if find_canary(page)
    ]


def no_crash(world: World) -> list[str]:
    """No bug shows as a crash."""
    found = [f"crash: {line}" for line in world.said if "_crashed" in line]
    return found + [f"crash: {text}" for text in world.crashed()]


def authority(world: World, writes: list[Write]) -> list[str]:
    """What is written was permitted to somebody who asked for it: value and place."""
    found = []
    for write, place in secret_writes(writes):
        after, before = write.change.after, write.change.before
        if after is None:
            continue
        if before is not None and before.document.get("data") == after.document.get("data"):
            continue
        data = without_chance(after.document.get("data") or {})
        moments = list(recent(world, write.at_s))
        if data not in _readable(place, [one.facts for one in moments], moments) and (
            data not in _readable(place, _lagging(moments), moments)
        ):
            found.append(f"authority: {place} got {shown(data)} at {write.at_s:.1f} s")
    return found


def _readable(place: Place, known: Iterable[Facts], moments: list[Moment]) -> list[Data]:
    # Who may, and what the source holds, may be of two moments.
    asked: dict[bytes, tuple[Facts, Intent]] = {}
    for facts in known:
        for intent in facts.entitled.get(place, ()):
            sight = facts.members[place[0]]["metadata"].get("labels") if intent.template else None
            what = (intent.source, intent.who[1], intent.template, sight)
            asked.setdefault(msgspec.json.encode(what), (facts, intent))
    makings = [_makings(*one, place[0], moments) for one in asked.values()]
    return [data for several in makings for data in several]


def _makings(facts: Facts, intent: Intent, cluster: str, moments: list[Moment]) -> list[Data]:
    """Return what an intent may make of what its source and its templates held."""
    held = [moment.facts.secret(intent.source) for moment in moments]
    texts: list[Document | None] = [{}]
    if intent.template:
        told = (moment.facts.texts(intent) for moment in moments)
        texts = list({msgspec.json.encode(text): text for text in told}.values())
    made = [
        facts.made(intent, cluster, secret.get("data") or {}, text)
        for secret in held
        if secret is not None
        for text in texts
    ]
    return [data for data in made if data is not None]


def _lagging(moments: list[Moment]) -> Iterator[Facts]:
    """Give what a controller may take for true whose watches lag by different times."""
    for wishes, clusters, rules in product(moments, repeat=3):
        yield wishes.facts.in_fleet_of(clusters.facts, rules.facts)


def ownership(world: World, writes: list[Write]) -> list[str]:
    """What somebody else made is changed only where the intent says so, and never deleted."""
    found = []
    for write, place in secret_writes(writes):
        change = write.change
        if change.before is None:
            continue
        marker = marker_of(change.before.document)
        if marker is not None and is_own(world, marker, place):
            continue
        taken = marker_of(change.after.document) if change.after else None
        if taken is None or not _may_take(world, write, who_holds(taken)):
            found.append(f"ownership: {place} was somebody else's, written at {write.at_s:.1f} s")
    return found


def _may_take(world: World, write: Write, who: Who) -> bool:
    intents = [moment.facts.intents.get(who) for moment in recent(world, write.at_s)]
    return any(one is not None and one.conflict in ("Adopt", "Overwrite") for one in intents)


def is_own(world: World, marker: Document, place: Place) -> bool:
    """Tell whether a marker is of this very place."""
    uid = world.planes[place[0]].uid
    return (marker["cluster"], marker["namespace"], marker["name"]) == (uid, *place[1:])


def g3_an_error_is_never_absence(
    world: World, writes: list[Write], put_s: dict[Place, float]
) -> list[str]:
    """A target is deleted only when somebody truly asked for it after it was delivered."""
    found = []
    for write, place in secret_writes(writes):
        change = write.change
        if change.after is not None:
            put_s[place] = write.at_s
        elif change.before is not None:
            since_s = put_s.get(place, -1.0)
            moments = recent(world, write.at_s, after_s=since_s)
            found += _unasked(change.before.document, place, [one.facts for one in moments])
    return found


def _unasked(secret: Document, place: Place, known: list[Facts]) -> list[str]:
    marker = marker_of(secret)
    if marker is None or marker.get("released"):
        return [f"G3: {place} was not ours to delete"]
    who, policy = who_holds(marker), marker.get("deletionPolicy", "Delete")
    if any(facts.asks_to_go(who, place, policy) for facts in known):
        return []
    return [f"G3: {place} of {who} was deleted, and nobody asked for it"]


def g4_mass_deletions_wait(
    world: World, writes: list[Write], went: list[tuple[float, Who]]
) -> list[str]:
    """Under `deeds.limit_deletions` no intent loses more than its limit in ten minutes."""
    found: list[str] = []
    for write, place in secret_writes(writes):
        change = write.change
        marker = marker_of(change.before.document) if change.before else None
        if change.after is not None or change.before is None or marker is None:
            continue
        if change.before.document["metadata"]["uid"] in world.approved:
            continue
        who = who_holds(marker)
        went.append((write.at_s, who))
        count = sum(one == who and write.at_s - at_s < COUNTED_S for at_s, one in went)
        lives = all(who in one.facts.intents for one in recent(world, write.at_s))
        limit = LIMIT if lives else LIMIT_TOTAL
        if world.is_limited and count > limit:
            found.append(f"G4: {place} of {who} went as number {count}, {limit} may")
    return found


def g5_no_older_version(
    world: World, writes: list[Write], newest: dict[tuple[Place, str], int]
) -> list[str]:
    """Values at a place never go back to an older version of their source."""
    found = []
    for write, place in secret_writes(writes):
        if write.change.after is None:
            continue
        for source, version in versions(write.change.after.document.get("data") or {}):
            if version < newest.get((place, source), 0):
                found.append(
                    f"G5: {place} went back to v{version} of {source} at {write.at_s:.1f} s"
                )
            newest[place, source] = max(version, newest.get((place, source), 0))
    return found


def versions(data: Data) -> set[tuple[str, int]]:
    """Return source and version of every value."""
    found = set()
    for value in data.values():
        match = _VERSION.match(base64.b64decode(value).decode(errors="replace"))
        if match:
            found.add((match[1], int(match[2])))
    return found


def convergence(world: World, facts: Facts, clusters: Iterable[str]) -> list[str]:
    """Everything that is wanted is there as wanted, and what is not wanted is gone."""
    meant = set(clusters)
    places = {place for place in facts.permitted if place[0] in meant}
    for cluster in meant:
        places |= {
            (cluster, *key)
            for key, one in facts.all(cluster, SECRETS).items()
            if marker_of(one) is not None
        }
    return [problem for place in sorted(places) for problem in _misplaced(world, facts, place)]


def _misplaced(world: World, facts: Facts, place: Place) -> Iterator[str]:
    member = facts.members.get(place[0])
    if member is None or member["spec"].get("paused") or facts.is_going(place[0], place[1]):
        return
    live, wanting = facts.secret(place), facts.permitted.get(place, {})
    if live is None:
        if facts.first_claim(place) in wanting:
            yield f"convergence: {place} is missing; {sorted(wanting)} want it"
        return
    if "deletionTimestamp" in live["metadata"]:
        return
    marker = marker_of(live)
    if marker is None or not is_own(world, marker, place):
        yield from _left_to_others(facts, place, live, wanting)
        return
    who = who_holds(marker)
    if who in wanting:
        if wanting[who] != without_chance(live.get("data") or {}):
            yield f"convergence: {place} of {who} holds {shown(live.get('data'))} of old"
        return
    yield from _left_over(world, facts, place, marker, wanting)


def _left_to_others(
    facts: Facts, place: Place, live: Document, wanting: dict[Who, Data]
) -> Iterator[str]:
    for who in wanting:
        if facts.intents[who].conflict == "Overwrite" and len(wanting) == 1:
            yield f"convergence: {place} was to be overwritten for {who}"


def _left_over(
    world: World, facts: Facts, place: Place, marker: Document, wanting: dict[Who, Data]
) -> Iterator[str]:
    who = who_holds(marker)
    if marker.get("released") or not is_findable(facts.secret(place)):
        # Who takes the label off a target that nobody wants hides it: nothing selects it any more.
        return
    if facts.is_going(HUB, who[1]):
        # Nothing is deleted for a namespace that is on its way out with all its wishes.
        return
    intent = facts.intents.get(who)
    if intent is not None and (intent.paused or is_broken(intent) or place in facts.places(intent)):
        # Its wish stands, or is not known; it may not be served now: what was delivered stays.
        return
    if facts.first_claim(place) in wanting:
        yield f"convergence: {place} is still of {who}, and {sorted(wanting)} want it"
    elif (
        not world.is_limited
        and not wanting
        and facts.asks_to_go(who, place, marker.get("deletionPolicy", "Delete"))
    ):
        yield f"convergence: {place} of {who} was to be deleted"


def g8_trouble_elsewhere_delays_nothing(world: World) -> list[str]:
    """A cluster whose way is clear is as wanted soon, whatever befalls the others.

    Places where somebody else's Secret was are left out: nobody tells when it goes, so they are
    looked at again every 30 to 60 s only.
    """
    calm = [context for context in world.planes if world.is_clear(context, for_s=CALM_S)]
    if HUB not in calm or not world.is_led_since(SETTLED_S + 20.0):
        return []
    facts, found = world.facts(), []
    for place, wanting in facts.permitted.items():
        if place[0] not in calm or place in world.meddled:
            continue
        if any(facts.intents[who].source[0] not in calm for who in wanting):
            continue
        found += [f"G8: {problem}" for problem in _misplaced(world, facts, place)]
    return found


def g9_nothing_more_to_write(writes: list[Write]) -> list[str]:
    """Once all is true, nothing is written but the Lease.

    An annotated Secret has no status that would remember what was said of it, so its Event may come
    again after a restart.
    """
    return [
        f"G9: {one.cluster} {one.change.label} {one.change.key} was written at {one.at_s:.1f} s"
        for one in writes
        if one.change.label != _LEASE and not _is_about_a_secret(one)
    ]


def _is_about_a_secret(write: Write) -> bool:
    after = write.change.after
    return after is not None and after.document.get("regarding", {}).get("kind") == "Secret"


def g12_secrets_stay(before: Facts, after: Facts) -> list[str]:
    """Without Keyfleet every delivered secret stays."""
    return [
        f"G12: secrets of {cluster} changed without a controller"
        for cluster in before.objects
        if before.all(cluster, SECRETS) != after.all(cluster, SECRETS)
    ]


def shown(data: Data | None) -> str:
    """Return which versions of which sources values are: for messages, without the values."""
    marks = sorted(f"{source} v{version}" for source, version in versions(data or {}))
    return f"{sorted(data or {})} of {marks}"
