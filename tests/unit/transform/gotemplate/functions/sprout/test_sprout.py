# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.playing import problem, sprout

from keyfleet.transform.gotemplate.functions.sprout import table


def test_has_all_registries() -> None:
    assert len(table()) == 235


def test_sprigs_names_that_changed_do_not_exist() -> None:
    assert set(table()).isdisjoint(
        {"b64enc", "upper", "int", "atoi", "genCA", "dir", "title", "push"}
    )


def test_functions_carry_the_names_they_are_called_by() -> None:
    assert all(function.name == name for name, function in table().items())


@pytest.mark.parametrize("action", ['env "HOME"', 'expandEnv "$HOME"'])
def test_the_environment_is_out_of_reach(action: str) -> None:
    name = action.partition(" ")[0]
    assert problem(sprout, action) == f"error calling {name}: function is disabled"
