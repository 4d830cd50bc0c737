"""How secrets are named."""

import pytest

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.refs import Ref, Scope, parse_ref, scope_of


def test_a_name_alone_needs_a_namespace() -> None:
    assert Ref("payments", "db") == parse_ref("db", "payments")
    assert Ref("other", "db") == parse_ref("other/db", "payments")


@pytest.mark.parametrize("text", ["", "db", "/db", "payments/", "a/b/c", "/"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_ref(text)


def test_named_secrets_come_before_the_namespace() -> None:
    scope = scope_of(["a/x"], "b")
    assert scope.covers("a", "x")
    assert not scope.covers("b", "x")


def test_without_names_the_namespace_counts_and_else_everything() -> None:
    assert [Scope(namespace="a").covers(name, "x") for name in "ab"] == [True, False]
    assert Scope().covers("any", "thing")


def test_a_named_secret_must_exist() -> None:
    with pytest.raises(InvalidInputError, match="a/y"):
        scope_of(["a/x", "a/y"], "").require([Ref("a", "x")])
