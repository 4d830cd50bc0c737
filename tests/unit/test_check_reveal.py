# SPDX-License-Identifier: Apache-2.0
import ast
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "check_reveal.py"


@pytest.fixture(scope="module")
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_reveal", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "code", ["v.reveal()", "f(v.reveal)", "map(V.reveal, vs)", "getattr(v, 'reveal')()"]
)
def test_sees_every_way_to_the_exit(check: ModuleType, code: str) -> None:
    assert check.uses(ast.parse(code)) == [1]


@pytest.mark.parametrize("code", ["revealed(v)", "v.size", "'reveals nothing'", "# v.reveal()"])
def test_lets_everything_else_pass(check: ModuleType, code: str) -> None:
    assert check.uses(ast.parse(code)) == []
