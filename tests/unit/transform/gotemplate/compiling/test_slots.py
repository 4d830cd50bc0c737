# SPDX-License-Identifier: Apache-2.0
"""Slots of variables."""

from keyfleet.transform.gotemplate.compiling.frame import ROOT_SLOT
from keyfleet.transform.gotemplate.compiling.slots import Slots


def test_the_root_is_always_there() -> None:
    assert Slots().find("$") == ROOT_SLOT


def test_finds_the_innermost_and_forgets_it_at_the_end() -> None:
    slots = Slots()
    outer = slots.declare("$x")
    mark = slots.mark()
    inner = slots.declare("$x")
    assert slots.find("$x") == inner != outer
    slots.leave(mark)
    assert slots.find("$x") == outer
    slots.leave(0)
    assert slots.find("$x") is None


def test_every_declaration_has_a_slot_of_its_own() -> None:
    """A loop's variable must not overwrite one that a sibling declared and still needs."""
    slots = Slots()
    found = [slots.declare("$x"), slots.reserve(), slots.declare("$y"), slots.reserve()]
    assert len({ROOT_SLOT, *found}) == slots.size == 5
    assert slots.latest(2) == [found[0], found[2]]
    assert slots.latest(0) == []
