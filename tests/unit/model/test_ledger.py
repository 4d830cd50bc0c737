# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import InvalidInputError
from keyfleet.model.held import HeldTarget
from keyfleet.model.ledger import PERMIT, WINDOW, Ledger, Loss, ledger_of

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
names = st.sampled_from(["a", "b", "c"])
losses = st.builds(
    Loss,
    st.builds(HeldTarget, names, names, names, names, names, names, st.booleans()),
    st.sampled_from(["", "FleetSecret/a/b"]),
)


def loss(uid: str = "1", *, decision: str = "", empties: bool = False) -> Loss:
    target = HeldTarget("u1", "east", "pay", "db", uid, "FleetSecret/pay/db", empties=empties)
    return Loss(target, decision)


@given(st.lists(losses, max_size=20))
def test_what_was_stored_is_read_back(found: list[Loss]) -> None:
    ledger = Ledger().entered(found, NOW)
    assert ledger_of(ledger.to_json()) == ledger


def test_an_entry_counts_for_the_window_and_no_longer() -> None:
    ledger = Ledger().entered([loss()], NOW)
    assert ledger.since(NOW + WINDOW) == ledger
    assert ledger.since(NOW + WINDOW + PERMIT) == Ledger()


def test_a_target_may_go_for_a_minute_after_it_was_entered() -> None:
    """So that whatever goes is counted for ten minutes from when it went."""
    ledger = Ledger().entered([loss("1")], NOW)
    assert ledger.is_permit(loss("1"), NOW + PERMIT - timedelta(seconds=1))
    assert not ledger.is_permit(loss("1"), NOW + PERMIT)
    assert not ledger.is_permit(loss("2"), NOW)


def test_an_entry_from_the_future_counts_as_made_now() -> None:
    """A clock that went back must not keep an entry for days."""
    ledger = Ledger().entered([loss()], NOW + timedelta(days=1))
    seen = ledger.since(NOW)
    assert seen == Ledger().entered([loss()], NOW)
    assert seen.since(NOW + WINDOW + PERMIT) == Ledger()


def test_what_is_given_back_does_not_count() -> None:
    ledger = Ledger().entered([loss("1"), loss("2")], NOW)
    assert set(ledger.without([loss("1").digest]).entries) == {loss("2").digest}


def test_a_target_made_anew_and_an_emptied_one_are_others() -> None:
    assert len({loss("1").digest, loss("2").digest, loss("1", empties=True).digest}) == 3


def test_the_largest_ledger_fits_beside_the_plans() -> None:
    many = [loss(f"{n:036d}") for n in range(1000)]
    assert len(Ledger().entered(many, NOW).to_json()) < 100_000


@pytest.mark.parametrize("text", ["", "{}", '[{"at": 1}]', "nonsense"])
def test_what_cannot_be_read_is_an_error_and_not_an_empty_ledger(text: str) -> None:
    with pytest.raises(InvalidInputError):
        ledger_of(text)


def test_what_a_decision_let_go_may_not_go_for_another_reason() -> None:
    """An intent that was deleted and made anew may want less: that is judged by itself."""
    ledger = Ledger().entered([loss("1", decision="FleetSecret/pay/db"), loss("2")], NOW)
    assert ledger.is_permit(loss("1", decision="FleetSecret/pay/db"), NOW)
    assert not ledger.is_permit(loss("1"), NOW)
    assert ledger.is_permit(loss("2", decision="FleetSecret/pay/db"), NOW)


@pytest.mark.parametrize("at", [10**17, -(10**14)])
def test_a_time_that_is_none_is_refused(at: int) -> None:
    text = f'[{{"at": {at}, "intent": "a", "cluster": "b", "digests": ["c"]}}]'
    with pytest.raises(InvalidInputError):
        ledger_of(text)
