# SPDX-License-Identifier: Apache-2.0
"""What to do when a list or watch ends: the recovery table, pure.

An informer makes attempts. Each is a LIST, or a WATCH from a resource version, and ends somehow.
`recover` maps how it ended to the next attempt and the wait before it. A LIST that did not complete
is always followed by a LIST, since what it was to repair is still broken.

Source: compat/fleet.md 3.2, 3.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from random import Random

from keyfleet.base.backoff import Backoff
from keyfleet.base.errors import (
    DeniedError,
    ExpiredError,
    KeyfleetError,
    NotFoundError,
    TemporaryError,
    ThrottledError,
)

BACKOFF = Backoff()
RECHECK_S = 300.0
"""How long a missing permission, or a collection that is too large, is left alone."""
SUCCESS_S = 120.0
"""A watch that lived this long ends the count of failures."""
BRIEF_S = 1.0
"""A stream that ends sooner did not work."""
DOUBTED = 6
"""Refusals in a row up to which a refusal of what was permitted is doubted: a server that has just
started refuses everybody until it has read its roles. How often it did not answer before that says
nothing: an outage of a minute is a dozen failures."""
PERSISTENT = 3
"""Server errors in a row after which the position is no longer trusted."""
HURRY_S = 5.0
"""A wait is cut short because the cluster answers another watch at most this often."""


class End(Enum):
    """How an attempt ended."""

    LISTED = auto()
    """A paged list is complete."""
    CLOSED = auto()
    """The server closed the stream, as it does after its timeout."""
    BRIEF = auto()
    """Closed in less than a second, but with events."""
    BARREN = auto()
    """Closed in less than a second without any event."""
    BROKEN = auto()
    """Reset, end of file inside a line or a chunk, no answer in time, refused."""
    SILENT = auto()
    """Nothing was heard for longer than a bookmark takes."""
    UNREADABLE = auto()
    """A line that is not an event, is too long, or names no version: an event is lost."""
    EXPIRED = auto()
    """410, as an answer or as an event."""
    FAILED = auto()
    """5xx, or anything that has no row of its own."""
    THROTTLED = auto()
    """429."""
    FORBIDDEN = auto()
    """403."""
    NOT_SERVED = auto()
    """404: the kind's CRD is not there."""
    TOO_NEW = auto()
    """The server does not know this version yet."""
    OVERFULL = auto()
    """More, or longer, than is kept: asking again at once would only cost."""
    UNSTREAMED = auto()
    """The server does not stream lists, or never said that one was complete."""


class Action(Enum):
    """What an attempt does."""

    LIST = auto()
    WATCH = auto()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One list or watch."""

    action: Action
    resource_version: str = ""
    """LIST: not older than this, empty means most recent. WATCH: after this."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What comes after an end."""

    attempt: Attempt
    delay_s: float
    may_hurry: bool = False
    """The wait is for the cluster to answer at all: once it answers another watch, it is over."""


FIRST = Attempt(Action.LIST)
"""Most recent, never "any version": a cache that is behind could show deleted objects again."""


class _From(Enum):
    HERE = auto()
    """Repeat the list, or watch on from the last version heard."""
    LAST = auto()
    """List, not older than the last version heard."""
    NEW = auto()
    """List the most recent state."""


class _Wait(Enum):
    NONE = auto()
    BACKOFF = auto()
    TOLD = auto()
    """As the server says, else back-off."""
    RECHECK = auto()


_TABLE: Mapping[End, tuple[_From, _Wait]] = {
    End.LISTED: (_From.HERE, _Wait.NONE),
    End.CLOSED: (_From.HERE, _Wait.NONE),
    End.BRIEF: (_From.HERE, _Wait.BACKOFF),
    End.BARREN: (_From.NEW, _Wait.BACKOFF),
    End.BROKEN: (_From.HERE, _Wait.BACKOFF),
    End.SILENT: (_From.HERE, _Wait.BACKOFF),
    End.UNREADABLE: (_From.NEW, _Wait.BACKOFF),
    End.EXPIRED: (_From.LAST, _Wait.NONE),
    End.FAILED: (_From.HERE, _Wait.TOLD),
    End.THROTTLED: (_From.HERE, _Wait.TOLD),
    End.FORBIDDEN: (_From.HERE, _Wait.RECHECK),
    End.NOT_SERVED: (_From.NEW, _Wait.BACKOFF),
    End.TOO_NEW: (_From.NEW, _Wait.TOLD),
    End.OVERFULL: (_From.NEW, _Wait.RECHECK),
    End.UNSTREAMED: (_From.HERE, _Wait.NONE),
}

_AWAY = frozenset({End.BROKEN, End.SILENT, End.FORBIDDEN})
"""How attempts end while a cluster is away, or has just come back and knows nobody yet."""
_ANSWERED = frozenset(End) - _AWAY - {End.FAILED, End.THROTTLED}
"""How attempts end at a server that is well: another failure after it is no end of an outage."""

_CODES: Mapping[str, End] = {
    "api.silent": End.SILENT,
    "api.too_new": End.TOO_NEW,
    "api.unreachable": End.BROKEN,
    "api.timeout": End.BROKEN,
    "api.interrupted": End.BROKEN,
    "api.tls": End.BROKEN,
    "api.off_limits": End.BROKEN,
    "watch.half_line": End.BROKEN,
    "watch.unreadable": End.UNREADABLE,
    "watch.too_long": End.UNREADABLE,
    "watch.unversioned": End.UNREADABLE,
    "watch.endless": End.UNSTREAMED,
    "watch.overfull": End.OVERFULL,
    "list.endless": End.OVERFULL,
    "api.oversized_answer": End.OVERFULL,
}


def end_of(error: KeyfleetError, *, streamed_list: bool) -> End:
    """Return how an attempt ended that raised `error`."""
    match error:
        case ExpiredError():
            return End.EXPIRED
        case ThrottledError():
            return End.THROTTLED
        case DeniedError():
            return End.FORBIDDEN
        case NotFoundError():
            return End.NOT_SERVED
    if streamed_list and error.code == "api.invalid":
        return End.UNSTREAMED
    return _CODES.get(error.code, End.FAILED)


def retry_after_s(error: KeyfleetError | None) -> float | None:
    """Return the wait that the server asked for."""
    if isinstance(error, TemporaryError) and error.retry_after is not None:
        return error.retry_after.total_seconds()
    return None


def end_of_stream(*, open_s: float, heard: int) -> End:
    """Return how a stream ended that the server closed, by its age and its events."""
    if open_s >= BRIEF_S:
        return End.CLOSED
    return End.BRIEF if heard else End.BARREN


def recover(
    end: End,
    *,
    attempted: Attempt,
    resume: str,
    failures: int,
    random: Random,
    refusals: int = 0,
    before: End | None = None,
    told_s: float | None = None,
) -> Recovery:
    """Return the next attempt.

    Args:
        end: How the last attempt ended.
        attempted: That attempt; a streamed list that completed counts as a WATCH.
        resume: Version of the last event, bookmark or complete list; empty before any.
        failures: Failures in a row, this one included.
        random: For the jitter.
        refusals: How many of them, up to this one, said that the right is missing.
        before: How the failure before it ended, of those that are counted.
        told_s: What the server asked to wait.
    """
    start, wait = _TABLE[end]
    if end is End.FAILED and failures >= PERSISTENT:
        start = _From.NEW
    if end is End.FORBIDDEN and resume and refusals <= DOUBTED:
        wait = _Wait.BACKOFF
    if end is End.EXPIRED:
        # A server that expires what it has just given must not make us spin; one that comes back
        # after a long outage may say so once, and is asked again at once.
        wait = _Wait.BACKOFF if before in _ANSWERED else _Wait.NONE
        start = _From.NEW if attempted.action is Action.LIST or not resume else start
    return Recovery(
        _attempt(start, end, attempted, resume),
        _delay_s(wait, failures, random, told_s),
        may_hurry=end in _AWAY and wait is _Wait.BACKOFF,
    )


def _attempt(start: _From, end: End, attempted: Attempt, resume: str) -> Attempt:
    if start is _From.NEW:
        return FIRST
    if start is _From.LAST:
        return Attempt(Action.LIST, resume)
    if attempted.action is Action.LIST and end is not End.LISTED:
        return attempted
    return Attempt(Action.WATCH, resume)


def _delay_s(wait: _Wait, failures: int, random: Random, told_s: float | None) -> float:
    match wait:
        case _Wait.NONE:
            return 0.0
        case _Wait.RECHECK:
            return RECHECK_S * (1.0 + 0.1 * random.random())
        case _Wait.TOLD if told_s:
            return told_s * (1.0 + 0.1 * random.random())
        case _:
            return BACKOFF.delay_s(failures, random)
