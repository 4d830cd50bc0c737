# SPDX-License-Identifier: Apache-2.0
"""The exit codes, a contract: scripts depend on them (design.md, 5)."""

from collections.abc import Iterable
from enum import IntEnum

from keyfleet.base.errors import (
    ConflictError,
    DeniedError,
    InvalidInputError,
    KeyfleetError,
    OwnershipError,
)
from keyfleet.model.plan import State


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    FINDINGS = 1
    USAGE = 2
    FAILED = 3
    FORBIDDEN = 4
    TIMED_OUT = 5
    HELD = 6
    CONFLICT = 7
    INTERRUPTED = 130


MEANINGS = {
    Exit.DONE: "done, no difference",
    Exit.FINDINGS: "differences or findings: only `plan`, `apply --dry-run`, `diff`, `validate`, "
    "`status --check`, `doctor`, `lint`, `reseal --dry-run`, `keys verify`, `cert --check`, "
    "`seal --validate`",
    Exit.USAGE: "usage, or input that cannot be understood",
    Exit.FAILED: "a cluster, the hub or a target failed or was unreachable; mixed causes",
    Exit.FORBIDDEN: "forbidden, by an API server or by a rule",
    Exit.TIMED_OUT: "not true within the time given",
    Exit.HELD: "held: a person must decide",
    Exit.CONFLICT: "conflict: somebody else owns or wrote the object",
    Exit.INTERRUPTED: "interrupted",
}
"""What each code says."""

TIMED_OUT = "cli.timed_out"
"""Error code of a wait that ended without what it waited for."""

_BY_ERROR: tuple[tuple[type[KeyfleetError], Exit], ...] = (
    (InvalidInputError, Exit.USAGE),
    (DeniedError, Exit.FORBIDDEN),
    (OwnershipError, Exit.CONFLICT),
    (ConflictError, Exit.CONFLICT),
)

_BY_STATE = {
    State.IN_SYNC: Exit.DONE,
    State.PAUSED: Exit.DONE,
    State.REFUSED: Exit.FORBIDDEN,
    State.HELD: Exit.HELD,
    State.CONFLICT: Exit.CONFLICT,
}


def exit_of_error(error: KeyfleetError) -> Exit:
    """Return the code of an error that ended a command.

    >>> exit_of_error(DeniedError("api.forbidden", "forbidden"))
    <Exit.FORBIDDEN: 4>
    """
    if error.code == TIMED_OUT:
        return Exit.TIMED_OUT
    found = (code for kind, code in _BY_ERROR if isinstance(error, kind))
    return next(found, Exit.FAILED)


def exit_of_states(states: Iterable[State]) -> Exit:
    """Return the code of a command that delivered, from the states it left behind.

    >>> exit_of_states([State.IN_SYNC, State.HELD])
    <Exit.HELD: 6>
    >>> exit_of_states([State.CONFLICT, State.HELD])
    <Exit.FAILED: 3>
    """
    causes = {_BY_STATE.get(state, Exit.FAILED) for state in states} - {Exit.DONE}
    if not causes:
        return Exit.DONE
    return causes.pop() if len(causes) == 1 else Exit.FAILED
