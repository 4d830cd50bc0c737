"""The exit codes are a contract."""

import pytest

from keyfleet.base.errors import (
    ConflictError,
    DeniedError,
    InvalidInputError,
    InvalidIntentError,
    KeyfleetError,
    NotFoundError,
    NotReadyError,
    OwnershipError,
    PermanentError,
    ThrottledError,
    UnreachableError,
)
from keyfleet.cli.exits import MEANINGS, TIMED_OUT, Exit, exit_of_error, exit_of_states
from keyfleet.model.plan import State


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (InvalidInputError, 2),
        (InvalidIntentError, 2),
        (UnreachableError, 3),
        (ThrottledError, 3),
        (NotFoundError, 3),
        (PermanentError, 3),
        (DeniedError, 4),
        (ConflictError, 7),
        (OwnershipError, 7),
    ],
)
def test_an_error_has_its_code(kind: type[KeyfleetError], code: int) -> None:
    assert code == exit_of_error(kind("a.code", "text"))


def test_a_wait_that_ran_out_of_time_is_5() -> None:
    assert exit_of_error(NotReadyError(TIMED_OUT, "text")) == 5


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ([], 0),
        ([State.IN_SYNC, State.PAUSED], 0),
        ([State.IN_SYNC, State.REFUSED], 4),
        ([State.HELD, State.HELD], 6),
        ([State.CONFLICT], 7),
        ([State.PENDING], 3),
        ([State.UNREACHABLE, State.FAILED], 3),
        ([State.CONFLICT, State.HELD], 3),
    ],
)
def test_states_have_one_code_and_mixed_causes_are_3(states: list[State], code: int) -> None:
    assert code == exit_of_states(states)


def test_every_code_is_explained() -> None:
    assert set(Exit) == set(MEANINGS)
