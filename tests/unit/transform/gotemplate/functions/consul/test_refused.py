# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.playing import consul, problem


@pytest.mark.parametrize("action", ['env "HOME"', 'file "/x"', 'plugin "a"', "spew_dump 1"])
def test_the_machine_is_out_of_reach(action: str) -> None:
    name = action.partition(" ")[0]
    assert problem(consul, action) == f"error calling {name}: function is disabled"


@pytest.mark.parametrize("action", ['key "a"', 'service "web" "x"', "nodes", 'nomadVar "a"'])
def test_consul_and_nomad_are_not_asked(action: str) -> None:
    assert "needs Consul or Nomad" in problem(consul, action)
