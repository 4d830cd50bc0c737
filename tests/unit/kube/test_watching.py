# SPDX-License-Identifier: Apache-2.0
"""The recovery table, row by row (compat/fleet.md 3.3)."""

from datetime import timedelta
from random import Random

import pytest

from keyfleet.base.errors import (
    ConflictError,
    DeniedError,
    ExpiredError,
    KeyfleetError,
    NotFoundError,
    PermanentError,
    ThrottledError,
    UnreachableError,
)
from keyfleet.kube.watching import (
    BACKOFF,
    DOUBTED,
    FIRST,
    PERSISTENT,
    RECHECK_S,
    Action,
    Attempt,
    End,
    Recovery,
    end_of,
    end_of_stream,
    recover,
    retry_after_s,
)

WATCHED = Attempt(Action.WATCH, "5")
RESUMED = Attempt(Action.WATCH, "7")
LISTED_AT_LAST = Attempt(Action.LIST, "7")


def after(
    end: End,
    *,
    attempted: Attempt = WATCHED,
    resume: str = "7",
    failures: int = 1,
    refusals: int = 0,
    before: End | None = None,
    told_s: float | None = None,
) -> Recovery:
    return recover(
        end,
        attempted=attempted,
        resume=resume,
        failures=failures,
        refusals=refusals,
        random=Random(1),
        before=before,
        told_s=told_s,
    )


def is_backoff(delay_s: float, failures: int = 1) -> bool:
    least = min(BACKOFF.cap_s, BACKOFF.base_s * 2 ** (failures - 1))
    return bool(least <= delay_s <= 2 * least)


def test_a_clean_end_resumes_at_once() -> None:
    assert Recovery(RESUMED, 0.0) == after(End.CLOSED)


def test_a_list_is_followed_by_a_watch_from_its_version_at_once() -> None:
    assert Recovery(RESUMED, 0.0) == after(End.LISTED, attempted=FIRST)


def test_an_instant_end_without_an_event_backs_off_and_lists() -> None:
    found = after(End.BARREN)
    assert found.attempt == FIRST
    assert is_backoff(found.delay_s)


@pytest.mark.parametrize("end", [End.BROKEN, End.SILENT, End.BRIEF])
def test_a_broken_or_silent_stream_resumes_after_a_back_off(end: End) -> None:
    found = after(end, failures=3)
    assert found.attempt == RESUMED
    assert is_backoff(found.delay_s, 3)


def test_a_lost_event_makes_the_version_worthless() -> None:
    found = after(End.UNREADABLE)
    assert found.attempt == FIRST
    assert is_backoff(found.delay_s)


def test_an_expired_version_lists_not_older_than_it_at_once() -> None:
    assert Recovery(LISTED_AT_LAST, 0.0) == after(End.EXPIRED)


def test_an_expired_list_lists_the_most_recent_state() -> None:
    found = after(End.EXPIRED, attempted=LISTED_AT_LAST, failures=2, before=End.EXPIRED)
    assert found.attempt == FIRST
    assert is_backoff(found.delay_s, 2)


@pytest.mark.parametrize("before", [End.EXPIRED, End.UNREADABLE, End.BARREN])
def test_a_server_that_expires_everything_is_not_asked_in_a_loop(before: End) -> None:
    assert is_backoff(after(End.EXPIRED, failures=4, before=before).delay_s, 4)
    again = after(End.EXPIRED, attempted=FIRST, failures=4, before=before)
    assert is_backoff(again.delay_s, 4)


@pytest.mark.parametrize("before", [End.BROKEN, End.FORBIDDEN, End.THROTTLED, End.FAILED])
def test_what_expired_during_an_outage_is_listed_as_soon_as_it_is_over(before: End) -> None:
    """However long the outage was: the back-off was for the server, and it is there again."""
    assert after(End.EXPIRED, failures=7, before=before).delay_s == 0.0


@pytest.mark.parametrize("end", End)
def test_only_waits_for_an_absent_cluster_may_be_cut_short(end: End) -> None:
    """Two watches that are closed at once would else wake each other for ever."""
    away = {End.BROKEN, End.SILENT, End.FORBIDDEN}
    assert after(end).may_hurry == (end in away)


def test_a_permission_that_is_missing_for_long_is_not_asked_for_in_a_hurry() -> None:
    assert not after(End.FORBIDDEN, refusals=DOUBTED + 1).may_hurry


def test_a_server_error_resumes_after_a_back_off() -> None:
    found = after(End.FAILED)
    assert found.attempt == RESUMED
    assert is_backoff(found.delay_s)


def test_a_persistent_server_error_lists() -> None:
    assert after(End.FAILED, failures=PERSISTENT).attempt == FIRST


def test_throttling_waits_as_told_and_keeps_the_version() -> None:
    found = after(End.THROTTLED, told_s=20.0)
    assert found.attempt == RESUMED
    assert 20.0 <= found.delay_s <= 22.0


@pytest.mark.parametrize("told_s", [None, 0.0])
def test_throttling_without_a_time_backs_off(told_s: float | None) -> None:
    assert is_backoff(after(End.THROTTLED, told_s=told_s).delay_s)


def test_a_missing_permission_is_looked_at_again_after_minutes() -> None:
    found = after(End.FORBIDDEN, refusals=9)
    assert found.attempt == RESUMED
    assert RECHECK_S <= found.delay_s <= 1.1 * RECHECK_S


def test_a_kind_that_is_not_served_is_listed_again_after_a_back_off() -> None:
    found = after(End.NOT_SERVED, failures=5)
    assert found.attempt == FIRST
    assert is_backoff(found.delay_s, 5)


def test_a_version_from_the_future_lists_the_most_recent_state() -> None:
    found = after(End.TOO_NEW, told_s=1.0)
    assert found.attempt == FIRST
    assert 1.0 <= found.delay_s <= 1.1


def test_a_refused_streamed_list_is_repeated_in_pages_at_once() -> None:
    assert Recovery(LISTED_AT_LAST, 0.0) == after(End.UNSTREAMED, attempted=LISTED_AT_LAST)


@pytest.mark.parametrize("end", [End.CLOSED, End.BROKEN, End.THROTTLED, End.FORBIDDEN, End.FAILED])
def test_an_incomplete_list_is_never_followed_by_a_watch(end: End) -> None:
    """Whatever the list was to repair is still broken."""
    assert after(end, attempted=LISTED_AT_LAST).attempt == LISTED_AT_LAST
    assert after(end, attempted=FIRST, resume="").attempt == FIRST


@pytest.mark.parametrize("end", [end for end in End if end not in {End.LISTED, End.CLOSED}])
def test_no_failure_repeats_without_a_wait(end: End) -> None:
    if end is not End.UNSTREAMED:  # which ends streaming, so it cannot come twice
        assert after(end, failures=2, before=end).delay_s > 0


SUBJECT = "east/secrets"


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (ExpiredError("api.expired", "x"), End.EXPIRED),
        (ThrottledError("api.throttled", "x"), End.THROTTLED),
        (DeniedError("api.forbidden", "x"), End.FORBIDDEN),
        (NotFoundError("api.not_found", "x"), End.NOT_SERVED),
        (UnreachableError("api.unreachable", "x"), End.BROKEN),
        (UnreachableError("api.interrupted", "x"), End.BROKEN),
        (UnreachableError("api.timeout", "x"), End.BROKEN),
        (UnreachableError("api.tls", "x"), End.BROKEN),
        (UnreachableError("watch.half_line", "x"), End.BROKEN),
        (UnreachableError("api.silent", "x"), End.SILENT),
        (UnreachableError("watch.unreadable", "x"), End.UNREADABLE),
        (UnreachableError("watch.too_long", "x"), End.UNREADABLE),
        (UnreachableError("watch.unversioned", "x"), End.UNREADABLE),
        (UnreachableError("watch.endless", "x"), End.UNSTREAMED),
        (PermanentError("watch.overfull", "x"), End.OVERFULL),
        (PermanentError("list.endless", "x"), End.OVERFULL),
        (UnreachableError("api.oversized_answer", "x"), End.OVERFULL),
        (UnreachableError("list.slow", "x"), End.FAILED),
        (UnreachableError("api.too_new", "x"), End.TOO_NEW),
        (UnreachableError("api.server_error", "x"), End.FAILED),
        (UnreachableError("api.unauthorized", "x"), End.FAILED),
        (ConflictError("api.conflict", "x"), End.FAILED),
        (PermanentError("api.invalid", "x"), End.FAILED),
    ],
)
def test_every_error_is_an_end(error: KeyfleetError, end: End) -> None:
    assert end == end_of(error, streamed_list=False)


def test_an_invalid_request_for_a_streamed_list_means_that_lists_are_not_streamed() -> None:
    error = PermanentError("api.invalid", "x")
    assert end_of(error, streamed_list=True) == End.UNSTREAMED


@pytest.mark.parametrize(
    ("open_s", "heard", "end"),
    [(0.2, 0, End.BARREN), (0.2, 3, End.BRIEF), (1.0, 0, End.CLOSED), (400.0, 9, End.CLOSED)],
)
def test_the_end_of_a_stream_counts_by_its_age(open_s: float, heard: int, end: End) -> None:
    assert end == end_of_stream(open_s=open_s, heard=heard)


def test_reads_the_wait_that_a_server_asked_for() -> None:
    error = ThrottledError("api.throttled", "x", retry_after=timedelta(seconds=3))
    assert retry_after_s(error) == 3.0
    assert retry_after_s(UnreachableError("api.timeout", "x")) is None
    assert retry_after_s(ExpiredError("api.expired", "x")) is None
    assert retry_after_s(None) is None


def test_a_refusal_of_what_was_permitted_is_asked_again_soon_at_first() -> None:
    """A server that has just started refuses everybody until it has read its roles."""

    def delay_s(resume: str, refusals: int) -> float:
        return recover(
            End.FORBIDDEN,
            attempted=Attempt(Action.WATCH, resume),
            resume=resume,
            failures=30,
            refusals=refusals,
            random=Random(0),
        ).delay_s

    assert delay_s("7", 1) <= 60 < RECHECK_S
    assert delay_s("7", DOUBTED + 1) >= RECHECK_S
    assert delay_s("", 1) >= RECHECK_S
