# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.engine.fakes import VALUE, actual_of, key_of

from keyfleet.engine.members.memory import Memory, is_newer

SPOT = ("payments", "db")
KEY = key_of()


@pytest.fixture
def memory() -> Memory:
    return Memory()


def test_remembers_what_was_read_without_its_values(memory: Memory) -> None:
    memory.read(SPOT, actual_of("7", data={"k": VALUE}, is_immutable=True), KEY)
    known = memory.get(SPOT)
    assert known is not None
    assert (
        known.uid,
        known.resource_version,
        known.type,
        known.fingerprint,
        known.intent,
        known.is_immutable,
        known.ahead,
    ) == ("u1", "7", "Opaque", "v1:a:0", KEY, True, None)


def test_what_was_written_is_ahead_of_the_watch_until_that_caught_up(memory: Memory) -> None:
    memory.wrote(SPOT, actual_of("8", data={"k": VALUE}), KEY)
    known = memory.get(SPOT)
    assert known is not None
    assert actual_of("8") == known.ahead
    assert {SPOT} == memory.ahead()
    memory.settle(SPOT)
    settled = memory.get(SPOT)
    assert settled is not None
    assert (settled.ahead, settled.resource_version) == (None, "8")
    assert set() == memory.ahead()


def test_what_is_ahead_is_known_by_intent(memory: Memory) -> None:
    other = ("payments", "other")
    memory.wrote(SPOT, actual_of("8"), KEY)
    memory.wrote(other, actual_of("8"), KEY)
    assert memory.ahead_of(KEY) == {SPOT, other}
    memory.wrote(other, actual_of("9"), key_of("other"))
    assert (memory.ahead_of(KEY), memory.ahead_of(key_of("other"))) == ({SPOT}, {other})
    memory.forget(SPOT)
    memory.deleted(other, "u1")
    assert (memory.ahead_of(KEY), memory.ahead_of(key_of("other"))) == (set(), set())


def test_what_was_read_is_not_ahead(memory: Memory) -> None:
    memory.wrote(SPOT, actual_of("8"), KEY)
    memory.read(SPOT, actual_of("9"), KEY)
    assert set() == memory.ahead()


def test_an_own_deletion_is_recognised_once_and_only_of_that_object(memory: Memory) -> None:
    memory.deleted(SPOT, "u1")
    assert memory.get(SPOT) is None
    assert memory.is_own_deletion(SPOT, "u1")
    assert not memory.is_own_deletion(SPOT, "u1")
    memory.deleted(SPOT, "u1")
    assert not memory.is_own_deletion(SPOT, "u2")


def test_an_object_written_after_a_deletion_can_be_deleted_by_somebody_else(
    memory: Memory,
) -> None:
    memory.deleted(SPOT, "u1")
    memory.wrote(SPOT, actual_of(uid="u2"), KEY)
    assert not memory.is_own_deletion(SPOT, "u1")


def test_a_doubted_place_is_forgotten_until_it_is_read_or_written(memory: Memory) -> None:
    memory.read(SPOT, actual_of(), KEY)
    memory.doubt(SPOT)
    assert (memory.get(SPOT), memory.is_doubted(SPOT)) == (None, True)
    memory.read(SPOT, actual_of(), KEY)
    assert not memory.is_doubted(SPOT)
    memory.doubt(SPOT)
    memory.wrote(SPOT, actual_of(), KEY)
    assert not memory.is_doubted(SPOT)


def test_a_place_that_is_gone_is_no_longer_doubted(memory: Memory) -> None:
    memory.doubt(SPOT)
    memory.forget(SPOT)
    assert not memory.is_doubted(SPOT)


def test_settling_or_forgetting_the_unknown_changes_nothing(memory: Memory) -> None:
    memory.settle(SPOT)
    memory.forget(SPOT)
    assert memory.get(SPOT) is None


@pytest.mark.parametrize(
    ("version", "than", "expected"),
    [
        ("10", "9", True),
        ("9", "10", False),
        ("7", "7", False),
        ("b", "a", True),
        ("a", "b", True),
        ("a", "a", False),
        ("7", "", True),
        ("", "7", True),
        ("99999999999999999999999", "9", True),
    ],
)
def test_newer_compares_numbers_and_of_others_only_equality(
    version: str, than: str, *, expected: bool
) -> None:
    assert expected == is_newer(version, than)


class Model:
    """Each place is seen, ahead, doubted or unknown; with the version where it is known."""

    def __init__(self) -> None:
        self.places: dict[tuple[str, str], tuple[str, str]] = {}

    def state(self, spot: tuple[str, str]) -> tuple[str, str]:
        return self.places.get(spot, ("unknown", ""))

    def play(self, action: str, spot: tuple[str, str], version: str) -> None:
        state, known = self.state(spot)
        # What is doubted stays so past a deletion: only a look tells what is there then.
        after_deletion = state if state == "doubted" else "unknown"
        after_settling = "seen" if state == "ahead" else state
        self.places[spot] = {
            "read": ("seen", version),
            "wrote": ("ahead", version),
            "deleted": (after_deletion, ""),
            "doubt": ("doubted", ""),
            "settle": (after_settling, known),
            "forget": ("unknown", ""),
        }[action]


def play(memory: Memory, action: str, spot: tuple[str, str], version: str) -> None:
    match action:
        case "read":
            memory.read(spot, actual_of(version), KEY)
        case "wrote":
            memory.wrote(spot, actual_of(version), KEY)
        case "deleted":
            memory.deleted(spot, "u1")
        case "doubt":
            memory.doubt(spot)
        case "settle":
            memory.settle(spot)
        case _:
            memory.forget(spot)


ACTIONS = st.sampled_from(["read", "wrote", "deleted", "doubt", "settle", "forget"])
PLACES = [("a", "x"), ("a", "y")]


@given(st.lists(st.tuples(ACTIONS, st.sampled_from(PLACES), st.integers(1, 99)), max_size=30))
def test_a_place_is_known_doubted_or_neither_and_ahead_only_when_written(
    steps: list[tuple[str, tuple[str, str], int]],
) -> None:
    memory, model = Memory(), Model()
    for action, spot, number in steps:
        play(memory, action, spot, f"{number}")
        model.play(action, spot, f"{number}")
        for place in PLACES:
            state, version = model.state(place)
            known = memory.get(place)
            assert version == (known.resource_version if known else "")
            assert memory.is_doubted(place) == (state == "doubted")
            assert (place in memory.ahead()) == (state == "ahead")
