# SPDX-License-Identifier: Apache-2.0
"""What must hold, one function per guarantee; each returns what speaks against it.

They look at what is stored, at what the controllers wrote and when, and at what people had asked
for (`reference.Facts`), never at the controllers' own state. Numbers as in docs/concepts.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

import msgspec
from tests.histories.reference import (
    CARRIER,
    FOR_ANOTHER,
    HUB,
    KINDS,
    NAMESPACES,
    SEALED,
    SEALEDSECRETS,
    SECRET,
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
from tests.histories.seals import KEY_LABEL, PREFIX, unsealed
from tests.histories.world import Moment, World, Write

from keyfleet.testing.canary import find_canary
from keyfleet.testing.memoryplane import Change
from keyfleet.testing.memoryplane.store import Stored

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


def target_writes(writes: Iterable[Write]) -> Iterator[tuple[Write, Place, str]]:
    """Give the writes to targets, the places that they mean, and the kinds of these targets."""
    for write in writes:
        namespace, name = write.change.key
        if write.change.label == SECRETS:
            if namespace != "keyfleet-system" and not is_key(write):
                yield write, (write.cluster, namespace, name), SECRET
        elif write.change.label == SEALEDSECRETS and not _is_status(write):
            yield write, *meant(write.cluster, _shown(write))


def is_key(write: Write) -> bool:
    """Tell whether a write is to a sealing key."""
    return KEY_LABEL in (_shown(write)["metadata"].get("labels") or {})


def _shown(write: Write) -> Document:
    stored = write.change.after or write.change.before
    assert stored is not None
    return stored.document


def _is_status(write: Write) -> bool:
    before, after = write.change.before, write.change.after
    return before is not None and after is not None and _asked(before) == _asked(after)


def _asked(stored: Stored) -> Document:
    metadata = {**stored.metadata, "resourceVersion": ""}
    return {**stored.document, "status": None, "metadata": metadata}


def meant(cluster: str, document: Document) -> tuple[Place, str]:
    """Return the place that a SealedSecret found in a cluster is for, and its kind of target."""
    metadata = document["metadata"]
    words = metadata.get("annotations") or {}
    if FOR_ANOTHER not in words:
        return (cluster, metadata["namespace"], metadata["name"]), SEALED
    namespace, _, name = words[FOR_ANOTHER].partition("/")
    return (words["keyfleet.io/sealed-for"], namespace, name), CARRIER


def held(
    world: World, document: Document, place: Place, kind: str, known: Iterable[Facts]
) -> Data | None:
    """Return what a target holds; None where no key that its cluster had lately opens it."""
    if kind == SECRET:
        return document.get("data") or {}
    keys = [pem for facts in known for pem in facts.keys(place[0])]
    return unsealed(document, place[1:], tuple(dict.fromkeys([*keys, *world.made_keys(place[0])])))


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
    for write, place, kind in target_writes(writes):
        after, before = write.change.after, write.change.before
        if after is None or (before is not None and _content(before) == _content(after)):
            continue
        moments = list(recent(world, write.at_s))
        known = [one.facts for one in moments]
        holds = held(world, after.document, place, kind, known)
        if holds is None:
            found.append(f"authority: {kind} {place} is sealed for somebody else")
            continue
        data = without_chance(holds)
        if kind == SECRET and data in _unsealed(world, write, place, known):
            continue
        if data not in _readable(place, kind, known, moments) and (
            data not in _readable(place, kind, _lagging(moments), moments)
        ):
            found.append(f"authority: {kind} {place} got {shown(data)} at {write.at_s:.1f} s")
    return found


def _content(stored: Stored) -> Any:
    document = stored.document
    return document.get("data") or (document.get("spec") or {}).get("encryptedData")


def _unsealed(world: World, write: Write, place: Place, known: list[Facts]) -> list[Data]:
    """Return what the SealedSecrets of a place said lately, by the keys that were there lately."""
    if not any(facts.may_open(place) for facts in known):
        return []
    manifests = {id(one): one for facts in known if (one := facts.sealed(place)) is not None}
    delivered = (one.after for one in _sealed_lately(world, write, place))
    manifests |= {id(one.document): one.document for one in delivered if one is not None}
    said = (held(world, one, place, SEALED, known) for one in manifests.values())
    return [without_chance(data) for data in said if data is not None]


def _sealed_lately(world: World, write: Write, place: Place) -> Iterator[Change]:
    """Give the changes that controllers made to the SealedSecret of a place before a write."""
    for one in reversed(world.writes):
        if one.at_s < write.at_s - BLURRED_S:
            return
        where = (one.cluster, *one.change.key)
        if one.change.label == SEALEDSECRETS and where == place and one.at_s <= write.at_s:
            yield one.change


def _readable(place: Place, kind: str, known: Iterable[Facts], moments: list[Moment]) -> list[Data]:
    # Who may, and what the source holds, may be of two moments.
    asked: dict[bytes, tuple[Facts, Intent]] = {}
    for facts in known:
        for intent in facts.entitled[kind].get(place, ()):
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
    for write, place, _ in target_writes(writes):
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
    if who[0] == SEALED:
        assert write.change.before is not None
        return is_heir(write.change.before.document)
    intents = [moment.facts.intents.get(who) for moment in recent(world, write.at_s)]
    return any(one is not None and one.conflict in ("Adopt", "Overwrite") for one in intents)


def is_heir(secret: Document) -> bool:
    """Tell whether a Secret says itself that the SealedSecret of its name may write it."""
    metadata = secret["metadata"]
    if (metadata.get("annotations") or {}).get(f"{PREFIX}managed") == "true":
        return True
    return any(
        owner["kind"] == SEALED and owner["name"] == metadata["name"] and owner.get("controller")
        for owner in metadata.get("ownerReferences") or ()
    )


def is_own(world: World, marker: Document, place: Place) -> bool:
    """Tell whether a marker is of this very place."""
    uid = world.planes[place[0]].uid
    return (marker["cluster"], marker["namespace"], marker["name"]) == (uid, *place[1:])


def g3_an_error_is_never_absence(
    world: World, writes: list[Write], put_s: dict[tuple[Place, str], float]
) -> list[str]:
    """A target is deleted only when somebody truly asked for it after it was delivered."""
    found = []
    for write, place, kind in target_writes(writes):
        change = write.change
        if change.after is not None:
            put_s[place, kind] = write.at_s
        elif change.before is not None:
            since_s = put_s.get((place, kind), -1.0)
            known = [one.facts for one in recent(world, write.at_s, after_s=since_s)]
            changes = _sealed_lately(world, write, place)
            if kind != SECRET or all(one.after for one in changes):
                found += _unasked(change.before.document, place, kind, known)
    return found


def _unasked(target: Document, place: Place, kind: str, known: list[Facts]) -> list[str]:
    marker = marker_of(target)
    if marker is None or marker.get("released"):
        return [f"G3: {place} was not ours to delete"]
    who, policy = who_holds(marker), marker.get("deletionPolicy", "Delete")
    if any(facts.asks_to_go(who, place, policy, kind) for facts in known):
        return []
    return [f"G3: {kind} {place} of {who} was deleted, and nobody asked for it"]


def g4_mass_deletions_wait(
    world: World, writes: list[Write], went: list[tuple[float, Who]]
) -> list[str]:
    """Under `deeds.limit_deletions` no intent loses more than its limit in ten minutes."""
    found: list[str] = []
    for write, place, _ in target_writes(writes):
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
    world: World, writes: list[Write], newest: dict[tuple[Place, str, str], int]
) -> list[str]:
    """Values at a place never go back to an older version of their source."""
    found = []
    for write, place, kind in target_writes(writes):
        if write.change.after is None:
            continue
        known = (one.facts for one in recent(world, write.at_s))
        for source, version in versions(
            held(world, write.change.after.document, place, kind, known)
        ):
            before = newest.get((place, kind, source), 0)
            if version < before:
                found.append(
                    f"G5: {kind} {place} went back to v{version} of {source} at {write.at_s:.1f} s"
                )
            newest[place, kind, source] = max(version, before)
    return found


def keys_are_made_once(world: World, writes: list[Write]) -> list[str]:
    """A sealing key is made only where none is in use, and none is ever changed."""
    found = []
    for write in writes:
        if write.change.label != SECRETS or not is_key(write):
            continue
        has_key = all(one.facts.keys(write.cluster) for one in recent(world, write.at_s))
        if write.change.before is not None or has_key:
            found.append(f"keys: {write.cluster} {write.change.key} at {write.at_s:.1f} s")
    return found


def versions(data: Data | None) -> set[tuple[str, int]]:
    """Return source and version of every value."""
    found = set()
    for value in (data or {}).values():
        match = _VERSION.match(base64.b64decode(value).decode(errors="replace"))
        if match:
            found.add((match[1], int(match[2])))
    return found


def convergence(world: World, facts: Facts, clusters: Iterable[str]) -> list[str]:
    """Everything that is wanted is there as wanted, and what is not wanted is gone."""
    spots = {(place, kind) for kind in KINDS for place in facts.permitted[kind]}
    for cluster in facts.objects:
        spots |= {
            ((cluster, *key), SECRET)
            for key, one in facts.all(cluster, SECRETS).items()
            if marker_of(one) is not None
        }
        for key, one in facts.all(cluster, SEALEDSECRETS).items():
            spots |= {((cluster, *key), SECRET)} if facts.sealed((cluster, *key)) else set()
            spots |= {meant(cluster, one)} if marker_of(one) is not None else set()
    asked = set(clusters)
    return [
        problem
        for place, kind in sorted(spots)
        if place[0] in asked
        for problem in _misplaced(world, facts, place, kind)
    ]


def _misplaced(world: World, facts: Facts, place: Place, kind: str) -> Iterator[str]:
    member = facts.members.get(place[0])
    is_away = member is None or member["spec"].get("paused") or not facts.serves(kind, place[0])
    # What lies on the hub for a namespace that is not there waits for it.
    is_early = kind == CARRIER and ("", place[1]) not in facts.all(place[0], NAMESPACES)
    if is_away or is_early or facts.is_going(place[0], place[1]):
        return
    if kind == SECRET and facts.sealed(place) is not None:
        yield from _wrongly_unsealed(world, facts, place)
        return
    live, wanting = facts.target(place, kind), facts.permitted[kind].get(place, {})
    if live is None:
        if facts.first_claim(place, kind) in wanting:
            yield f"convergence: {kind} {place} is missing; {sorted(wanting)} want it"
        return
    if "deletionTimestamp" in live["metadata"]:
        return
    marker = marker_of(live)
    if marker is None or not is_own(world, marker, place):
        yield from _left_to_others(facts, place, live, wanting)
        return
    who = who_holds(marker)
    if who in wanting:
        yield from _of_old(facts, place, kind, who)
        return
    yield from _left_over(world, facts, place, kind, marker, wanting)


def _of_old(facts: Facts, place: Place, kind: str, who: Who) -> Iterator[str]:
    """Say where a target does not hold what is wanted; a sealed one is for the newest key."""
    live, data = facts.target(place, kind), facts.permitted[kind][place][who]
    assert live is not None
    if kind == SECRET:
        holds: Data | None = live.get("data") or {}
    else:
        holds = unsealed(live, place[1:], facts.keys(place[0], newest=True))
    if holds is None or data != without_chance(holds):
        yield f"convergence: {kind} {place} of {who} holds {shown(holds)} of old"


def _wrongly_unsealed(world: World, facts: Facts, place: Place) -> Iterator[str]:
    """Say where the Secret of a SealedSecret is not what its values say.

    Left out is what a FleetSecret wants too: who came first has it.
    """
    data, live = facts.opened(place), facts.secret(place)
    if data is None or not facts.may_open(place):
        return
    if place in facts.entitled[SECRET] or facts.first_claim(place) is not None:
        return
    if live is None:
        yield f"convergence: {place} is sealed and was not opened"
        return
    if "deletionTimestamp" in live["metadata"]:
        return
    marker = marker_of(live)
    if marker is not None and is_own(world, marker, place) and who_holds(marker)[0] != SEALED:
        yield from _left_over(world, facts, place, SECRET, marker, {})
        return
    is_ours = (marker is not None and is_own(world, marker, place)) or is_heir(live)
    if is_ours and data != (live.get("data") or {}):
        yield f"convergence: {place} is not as sealed: {shown(live.get('data'))}"


def _left_to_others(
    facts: Facts, place: Place, live: Document, wanting: dict[Who, Data]
) -> Iterator[str]:
    for who in wanting:
        if facts.intents[who].conflict == "Overwrite" and len(wanting) == 1:
            yield f"convergence: {place} was to be overwritten for {who}"


def _left_over(
    world: World,
    facts: Facts,
    place: Place,
    kind: str,
    marker: Document,
    wanting: dict[Who, Data],
) -> Iterator[str]:
    who = who_holds(marker)
    if marker.get("released") or not is_findable(facts.target(place, kind)):
        # Who takes the label off a target that nobody wants hides it: nothing selects it any more.
        return
    if facts.is_going(HUB, who[1]):
        # Nothing is deleted for a namespace that is on its way out with all its wishes.
        return
    intent = facts.intents.get(who)
    if intent is not None and (
        intent.paused or is_broken(intent) or _is_wanted_yet(facts, place, kind, intent)
    ):
        # Its wish stands, or is not known; it may not be served now: what was delivered stays.
        return
    if facts.first_claim(place, kind) in wanting:
        yield f"convergence: {kind} {place} is still of {who}, and {sorted(wanting)} want it"
    elif (
        not world.is_limited
        and not wanting
        and facts.asks_to_go(who, place, marker.get("deletionPolicy", "Delete"), kind)
    ):
        yield f"convergence: {kind} {place} of {who} was to be deleted"


def _is_wanted_yet(facts: Facts, place: Place, kind: str, intent: Intent) -> bool:
    """Tell whether a target is wanted, or stays until the one of another kind is there."""
    if place not in facts.places(intent) or intent.kind == kind:
        return place in facts.places(intent)
    marker = marker_of(facts.target(place, intent.kind))
    return marker is None or who_holds(marker) != intent.who


def g8_trouble_elsewhere_delays_nothing(world: World) -> list[str]:
    """A cluster whose way is clear is as wanted soon, whatever befalls the others.

    Places where somebody else's Secret was are left out: nobody tells when it goes, so they are
    looked at again every 30 to 60 s only.
    """
    calm = [context for context in world.planes if world.is_clear(context, for_s=CALM_S)]
    if HUB not in calm or not world.is_led_since(SETTLED_S + 20.0):
        return []
    facts, found = world.facts(), []
    for place, wanting in facts.permitted[SECRET].items():
        if place[0] not in calm or place in world.meddled:
            continue
        if any(facts.intents[who].source[0] not in calm for who in wanting):
            continue
        found += [f"G8: {problem}" for problem in _misplaced(world, facts, place, SECRET)]
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
