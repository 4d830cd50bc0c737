# SPDX-License-Identifier: Apache-2.0
from keyfleet.transform.gotemplate.parsing.scope import Scope


def test_the_root_is_always_there() -> None:
    assert "$" in Scope()
    assert "$x" not in Scope()


def test_variables_are_forgotten_at_the_end_of_what_declared_them() -> None:
    scope = Scope()
    scope.declare("$x")
    mark = scope.mark()
    scope.declare("$x")
    scope.declare("$y")
    scope.forget(mark)
    assert "$x" in scope
    assert "$y" not in scope
