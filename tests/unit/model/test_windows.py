# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.model.windows import Window, WindowKind, Windows

OPEN = datetime(2026, 6, 1, 22, tzinfo=UTC)
NIGHT = Window("0 22 * * *", timedelta(hours=2))
BROKEN = Window("not-a-cron", timedelta(hours=2))
INSIDE = OPEN + timedelta(hours=1)
OUTSIDE = OPEN - timedelta(hours=2)
windows = st.builds(
    Window,
    st.sampled_from(
        ["0 22 * * *", "*/7 * * * *", "0 0 29 2 *", "@hourly", "@every 5m", "x", "0 3 * * MON"]
    ),
    st.timedeltas(timedelta(0), timedelta(hours=30)),
)
moments = st.timedeltas(timedelta(days=-900), timedelta(days=1800)).map(lambda age: OPEN + age)


@pytest.mark.parametrize(
    ("after_opening", "is_open"),
    [
        (timedelta(0), True),
        (timedelta(minutes=30), True),
        (timedelta(hours=2), True),
        (timedelta(hours=2, seconds=1), False),
        (timedelta(hours=-1), False),
        (timedelta(hours=5), False),
        (timedelta(hours=24, minutes=30), True),
        (timedelta(microseconds=-1), False),
    ],
)
def test_a_window_is_open_from_its_firing_to_its_end_inclusive(
    after_opening: timedelta, is_open: bool
) -> None:
    assert (NIGHT.opened(OPEN + after_opening) is not None) == is_open


@pytest.mark.parametrize(
    ("kind", "those", "moment", "expected"),
    [
        (WindowKind.ALLOW, (), INSIDE, True),
        (WindowKind.ALLOW, (NIGHT,), INSIDE, True),
        (WindowKind.ALLOW, (NIGHT,), OUTSIDE, False),
        (WindowKind.DENY, (NIGHT,), INSIDE, False),
        (WindowKind.DENY, (NIGHT,), OUTSIDE, True),
        (WindowKind.ALLOW, (BROKEN,), INSIDE, False),
        (WindowKind.DENY, (BROKEN,), INSIDE, True),
        (WindowKind.ALLOW, (BROKEN, NIGHT), INSIDE, True),
        (WindowKind.DENY, (BROKEN, NIGHT), INSIDE, False),
    ],
)
def test_windows_allow_or_deny(
    kind: WindowKind, those: tuple[Window, ...], moment: datetime, expected: bool
) -> None:
    assert Windows(kind, those).allows(moment) == expected


@pytest.mark.parametrize(("lasts", "is_open"), [(10, True), (11, True), (9, False), (-1, False)])
def test_every_is_open_always_or_never(lasts: int, is_open: bool) -> None:
    window = Window("@every 10m", timedelta(minutes=lasts))
    assert {window.opened(OPEN + timedelta(seconds=n)) is not None for n in range(900)} == {is_open}


@pytest.mark.parametrize(
    ("kind", "those", "moment", "expected"),
    [
        (WindowKind.ALLOW, (NIGHT,), INSIDE, INSIDE),
        (WindowKind.ALLOW, (NIGHT,), OUTSIDE, OPEN),
        (WindowKind.ALLOW, (BROKEN,), OUTSIDE, None),
        (WindowKind.ALLOW, (Window("@every 1h", timedelta(minutes=1)),), OUTSIDE, None),
        (WindowKind.ALLOW, (Window("0 0 30 2 *", timedelta(hours=1)), NIGHT), OUTSIDE, OPEN),
        (WindowKind.DENY, (NIGHT,), INSIDE, OPEN + timedelta(hours=2, microseconds=1)),
        (
            WindowKind.DENY,
            (NIGHT, Window("0 0 * * *", timedelta(hours=1))),
            INSIDE,
            OPEN + timedelta(hours=3, microseconds=1),
        ),
    ],
)
def test_knows_when_to_look_again(
    kind: WindowKind, those: tuple[Window, ...], moment: datetime, expected: datetime | None
) -> None:
    assert Windows(kind, those).next_allowed(moment) == expected


def test_windows_that_never_end_are_looked_at_again_all_the_same() -> None:
    forever = Windows(WindowKind.DENY, (Window("* * * * *", timedelta(hours=1)),))
    found = forever.next_allowed(OPEN)
    assert found is not None
    assert found > OPEN


@given(st.sampled_from(WindowKind), st.lists(windows, max_size=3), moments)
def test_nothing_is_allowed_before_the_moment_to_look_again(
    kind: WindowKind, those: list[Window], now: datetime
) -> None:
    each = Windows(kind, tuple(those))
    found = each.next_allowed(now)
    end = now + timedelta(days=2) if found is None else min(found, now + timedelta(days=2))
    step = (end - now) / 50
    earlier = [now + step * n for n in range(50)]
    assert found == now or not any(map(each.allows, earlier))
