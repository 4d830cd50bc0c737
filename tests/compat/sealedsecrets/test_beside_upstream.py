# SPDX-License-Identifier: Apache-2.0
"""Keyfleet beside upstream's controller: the same key, the same manifests, the same outcome.

Then each takes over what the other made. What differs is listed with its reason, and told in
docs/compat/sealed-secrets.md. Source: compat/sealed-secrets.md 1.2, 1.4, 1.5, 2.1-2.5.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from tests.compat.sealedsecrets.beside import OURS, THEIRS, Beside
from tests.compat.sealedsecrets.besidecases import CASES
from tests.compat.sealedsecrets.besideseen import Seen

from keyfleet.localplane.fleet import LocalFleet

SERVER = "an API server's text may hold values: ours says which field, or what to do"
BEFORE_ASKING = "told before a write is tried"
MAPS = "functions of maps take the map of values; upstream's is of another type"
TYPE = "a type that is left out stays what it is; upstream asks for a change that is refused"
POWER = "who writes manifests gets neither Keyfleet's marks nor the rights of others by them"
OWNERS = "references of others that are no controllers stay"
SKIPS = "our mark says whose it is; upstream cannot tell after the first write"
WHOLE = "such texts are older than that field"
NO_SECRET = "what was sealed says that it is a Secret, or is none"

SUCCEEDS = frozenset({"status", "message", "events"})
TEXT = frozenset({"message"})
EVENT = frozenset({"events"})
EXISTS = frozenset({"secret"})
TAKEN = SUCCEEDS | {"secret.data", "secret.labels", "secret.annotations", "secret.owners"}

DIFFERENT: Final[Mapping[str, tuple[frozenset[str], str]]] = {
    "in-both": (EVENT, "a warning: what this means changed with v0.37"),
    "two-fail-alike": (TEXT, "items first: templates see values only if all of them open"),
    "t-range-text": (TEXT, "no value is shown"),
    **dict.fromkeys(("t-get", "t-has-key", "t-keys", "t-pick"), (SUCCEEDS | EXISTS, MAPS)),
    **dict.fromkeys(("odd-name", "template-label-bad"), (TEXT, BEFORE_ASKING)),
    **dict.fromkeys(("type-other-there", "type-edited", "type-tls-short"), (TEXT, SERVER)),
    **dict.fromkeys(("template-reserved", "type-bootstrap"), (SUCCEEDS | EXISTS, POWER)),
    "template-applied": (frozenset({"secret.annotations"}), "it would say values in clear"),
    "type-empty-there": (TAKEN, TYPE),
    "there-stale": (TAKEN, "a manifest that was made anew, or restored, has its Secret again"),
    "type-removed": (SUCCEEDS, TYPE),
    **dict.fromkeys(
        ("there-both", "there-owned-and-foreign", "skip-owner-template-owners"),
        (frozenset({"secret.owners"}), OWNERS),
    ),
    **dict.fromkeys(("skip-owner", "whole-skip-owner"), (SUCCEEDS, SKIPS)),
    "patch-item-gone": (frozenset({"secret.data"}), "what we delivered goes when it is not wanted"),
    "deleted-patch": (EXISTS, "what is wanted is made again, whoever deleted it"),
    "whole": (frozenset({"secret.finalizers"}), WHOLE),
    "whole-immutable": (frozenset({"secret.immutable"}), WHOLE),
    "whole-string-data": (frozenset({"secret.data"}), "upstream loses it with its second write"),
    "whole-no-kind": (SUCCEEDS | EXISTS, NO_SECRET),
    **dict.fromkeys(("whole-other-kind", "whole-bad-data"), (TEXT, NO_SECRET)),
}
"""Case -> what differs, and why."""

LOST_WITHOUT_MARK = "skip-owner-there"
"""Upstream took the only mark away: it, too, would not know its Secret again at its next start."""

Looks = Mapping[str, Mapping[str, Seen]]


@dataclass(frozen=True)
class Observed:
    """What became of the cases."""

    looks: tuple[Looks, Looks]
    """By side: after the manifests were written, and after they were changed."""
    taken: tuple[Mapping[str, Any], Mapping[str, Any]]
    """Upstream's work before and after Keyfleet took it over."""
    returned: tuple[Mapping[str, Any], Mapping[str, Any]]
    """Keyfleet's work before and after upstream took it over."""
    keys: Mapping[str, list[str]]
    """By side: the key Secrets at the end."""


@pytest.fixture(scope="module")
def observed(
    sealed_secrets_controller: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Observed]:
    """One run of both controllers for all cases."""
    fleet = LocalFleet((OURS, THEIRS))
    try:
        fleet.open()
        beside = Beside(fleet, tmp_path_factory.mktemp("beside"), sealed_secrets_controller)
        yield _observe(beside)
    finally:
        fleet.close()


def _observe(beside: Beside) -> Observed:
    beside.prepare(CASES)
    beside.declare(OURS)
    with beside.keyfleet():
        with beside.controller(THEIRS):
            beside.settle(OURS, THEIRS)
            first = {side: beside.look(side) for side in (OURS, THEIRS)}
            beside.edit(CASES)
            beside.settle(OURS, THEIRS)
            second = {side: beside.look(side) for side in (OURS, THEIRS)}
        made_by_them = beside.look(THEIRS)
        beside.declare(THEIRS)
        beside.until_ours(THEIRS)
        taken = made_by_them, beside.look(THEIRS)
    made_by_us = beside.look(OURS)
    with beside.controller(OURS) as log:
        beside.until_theirs(OURS, log)
        returned = made_by_us, beside.look(OURS)
    keys = {side: beside.key_secrets(side) for side in (OURS, THEIRS)}
    return Observed((first, second), taken, returned, keys)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.is_refused])
def test_the_outcome_is_upstreams(observed: Observed, name: str) -> None:
    found: set[str] = set()
    said = []
    for look in observed.looks:
        ours, theirs = (_flat(look[side][name]) for side in (OURS, THEIRS))
        found |= _differing(ours, theirs) - {"since", "secret.uid"}
        said.append((ours, theirs))
    # Events add up, and may come late: the last look has those of the first.
    ours, theirs = said[-1]
    if ours["events"] == theirs["events"]:
        found -= EVENT
    expected, reason = DIFFERENT.get(name, (frozenset(), ""))
    assert found == expected, (reason, said)


def test_what_the_api_server_refuses_is_nowhere(observed: Observed) -> None:
    refused = {name for name, case in CASES.items() if case.is_refused}
    assert refused
    assert not refused & observed.looks[1][OURS].keys()


def test_keyfleet_takes_over_and_rewrites_nothing(observed: Observed) -> None:
    assert _changed(*observed.taken) == {LOST_WITHOUT_MARK: {"status", "message", "since"}}


def test_upstream_takes_over_and_rewrites_nothing(observed: Observed) -> None:
    assert _changed(*observed.returned) == {LOST_WITHOUT_MARK: {"status", "message", "since"}}


def test_no_take_over_makes_a_key(observed: Observed) -> None:
    (key,) = observed.keys[OURS]
    assert observed.keys == {OURS: [key], THEIRS: observed.keys[THEIRS][:1]}


def _changed(before: Mapping[str, Seen], after: Mapping[str, Seen]) -> dict[str, set[str]]:
    """Return what another controller changed, but where it is known to see things otherwise."""
    assert before.keys() == after.keys()
    found = {
        name: _differing(_flat(before[name]), _flat(after[name])) - EVENT
        for name in before
        if name not in DIFFERENT
    }
    return {name: differing for name, differing in found.items() if differing}


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    # Where only one of them has a Secret, its parts say nothing more.
    return {field for field in one.keys() & other.keys() if one[field] != other[field]}


def _flat(seen: Seen) -> dict[str, Any]:
    secret = seen["secret"]
    parts = {f"secret.{field}": value for field, value in (secret or {}).items()}
    return {**seen, "message": _sorted(seen["message"]), "secret": secret is not None, **parts}


def _sorted(message: str) -> str:
    """Return a message with its lines, and the names in them, in one order: upstream has none."""
    return "\n".join(sorted(map(_with_sorted_names, message.splitlines())))


def _with_sorted_names(line: str) -> str:
    found = re.fullmatch(r"(.*) \(([^()]*)\)", line)
    return f"{found[1]} ({', '.join(sorted(found[2].split(', ')))})" if found else line
