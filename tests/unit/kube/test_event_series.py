# SPDX-License-Identifier: Apache-2.0
"""Repeats become a series, floods are dropped."""

from keyfleet.kube.event_series import (
    BURST,
    REFILL_S,
    REMEMBERED,
    SERIES_QUIET_S,
    Happening,
    SeriesBook,
)


def happening(uid: str = "u", note: str = "delivered") -> Happening:
    return Happening(uid, "Normal", "Delivered", "Deliver", note)


def test_a_repeat_continues_the_series() -> None:
    book = SeriesBook()
    first = book.note(happening(), name="e1", now=0)
    assert first is not None
    assert (first.name, first.count) == ("e1", 1)
    second = book.note(happening(), name="e2", now=SERIES_QUIET_S)
    assert second is not None
    assert (second.name, second.count) == ("e1", 2)


def test_a_late_repeat_or_another_note_is_a_new_event() -> None:
    book = SeriesBook()
    book.note(happening(), name="e1", now=0)
    late = book.note(happening(), name="e2", now=SERIES_QUIET_S + 1)
    other = book.note(happening(note="refused"), name="e3", now=SERIES_QUIET_S + 1)
    assert late is not None
    assert other is not None
    assert (late.name, late.count, other.name, other.count) == ("e2", 1, "e3", 1)


def test_a_forgotten_series_begins_anew() -> None:
    book = SeriesBook()
    book.note(happening(), name="e1", now=0)
    book.forget(happening())
    again = book.note(happening(), name="e2", now=1)
    assert again is not None
    assert (again.name, again.count) == ("e2", 1)


def test_one_object_cannot_flood_and_recovers_slowly() -> None:
    book = SeriesBook()
    said = [book.note(happening(note=str(n)), name=str(n), now=0) for n in range(BURST + 5)]
    assert sum(series is not None for series in said) == BURST
    assert book.note(happening(uid="other"), name="x", now=0) is not None
    assert book.note(happening(note="a"), name="a", now=REFILL_S) is not None
    assert book.note(happening(note="b"), name="b", now=REFILL_S) is None


def test_memory_is_bounded() -> None:
    book = SeriesBook()
    for n in range(REMEMBERED + 1):
        book.note(happening(uid=str(n)), name=str(n), now=0)
    oldest = book.note(happening(uid="0"), name="again", now=1)
    newest = book.note(happening(uid=str(REMEMBERED)), name="x", now=1)
    assert oldest is not None
    assert newest is not None
    assert (oldest.count, newest.count) == (1, 2)
