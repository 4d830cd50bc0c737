# SPDX-License-Identifier: Apache-2.0
from collections.abc import Mapping
from typing import Any

import pytest

from keyfleet.transform.gotemplate import TemplateError, render
from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.functions.consul.vault import Secret
from keyfleet.transform.gotemplate.reads import (
    MAX_PASSES,
    MAX_READS,
    KnownSecrets,
    Resolver,
    SecretRead,
    in_passes,
)
from keyfleet.transform.gotemplate.values import INVALID

Store = Mapping[SecretRead, Any]
PASSWORD = "kf-canary-password"


def played(template: str, store: Store) -> tuple[str, list[tuple[SecretRead, ...]]]:
    """Render from a store in memory; return the text and what each pass asked for."""

    def one_pass(resolver: Resolver) -> str:
        return render(template, None, functions="consul", missingkey="zero", resolver=resolver)

    passes = in_passes(one_pass)
    asked = []
    try:
        reads = next(passes)
        while True:
            asked.append(reads)
            reads = passes.send({read: store.get(read) for read in reads})
    except StopIteration as done:
        return done.value, asked


def test_a_template_that_reads_nothing_takes_one_pass() -> None:
    assert played("{{ add 1 2 }}", {}) == ("3", [])


def test_reads_what_it_asks_for_in_one_go() -> None:
    one, other = SecretRead("secret", "kv/a"), SecretRead("secrets", "kv")
    text, asked = played(
        '{{ (secret "kv/a").Data.x }} {{ secrets "kv" }}',
        {one: Secret({"x": PASSWORD}), other: ["a", "b"]},
    )
    assert text == f"{PASSWORD} [a b]"
    assert asked == [(one, other)]


def test_a_read_may_depend_on_another_one() -> None:
    first, second = SecretRead("secret", "first"), SecretRead("secret", "second")
    text, asked = played(
        '{{ with secret "first" }}{{ with secret .Data.next }}{{ .Data.x }}{{ end }}{{ end }}',
        {first: Secret({"next": "second"}), second: Secret({"x": 1})},
    )
    assert text == "1"
    assert asked == [(first,), (second,)]


def test_errors_mean_nothing_while_something_is_unknown() -> None:
    read = SecretRead("secret", "a")
    text, _ = played('{{ len (secret "a").Data }}', {read: Secret({})})
    assert text == "0"


def test_the_error_of_the_last_pass_comes_through_without_a_value() -> None:
    read = SecretRead("secret", "a")
    with pytest.raises(TemplateError) as caught:
        played('{{ parseInt (secret "a").Data.x }}', {read: Secret({"x": PASSWORD})})
    assert "parseInt: strconv.ParseInt" in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_a_secret_that_is_not_there_is_an_error() -> None:
    with pytest.raises(TemplateError, match="no secret exists at kv/missing"):
        played('{{ secret "kv/missing" }}', {})


def test_a_list_that_is_not_there_is_empty() -> None:
    assert played('{{ len (secrets "kv") }}', {})[0] == "0"


def test_a_template_that_cannot_be_parsed_fails_at_once() -> None:
    with pytest.raises(TemplateError) as caught:
        played('{{ secret "a" ', {})
    assert caught.value.stage == "parse"


def test_gives_up_after_so_many_passes_and_reads_nothing_after_the_last() -> None:
    endless = '{{ define "x" }}{{ executeTemplate "x" (secret .).Data.next }}{{ end }}'
    store = {
        SecretRead("secret", f"s{number}"): Secret({"next": f"s{number + 1}"})
        for number in range(MAX_PASSES + 2)
    }
    with pytest.raises(TemplateError, match=f"after {MAX_PASSES} passes"):
        played(endless + '{{ template "x" "s0" }}', store)


def test_fetches_once_less_than_it_renders() -> None:
    rendered: list[str] = []

    def one_pass(resolver: Resolver) -> str:
        rendered.append(str(resolver.resolve(SecretRead("secret", f"s{len(rendered)}"))))
        return "never asked for again"

    passes = in_passes(one_pass)
    next(passes)
    for _ in range(MAX_PASSES - 2):
        passes.send({})
    with pytest.raises(TemplateError):
        passes.send({})
    assert len(rendered) == MAX_PASSES


def test_a_template_may_not_read_the_whole_store() -> None:
    resolver = KnownSecrets({})
    for number in range(MAX_READS):
        assert resolver.resolve(SecretRead("secret", str(number))) is INVALID
    with pytest.raises(BudgetError):
        resolver.resolve(SecretRead("secret", "one more"))


def test_the_same_read_is_asked_for_once() -> None:
    resolver = KnownSecrets({})
    resolver.resolve(SecretRead("secret", "a"))
    resolver.resolve(SecretRead("secret", "a"))
    assert list(resolver.unknown) == [SecretRead("secret", "a")]


def test_nothing_known_about_a_path_is_told_from_nothing_there() -> None:
    read = SecretRead("secret", "a")
    with pytest.raises(GoError):
        KnownSecrets({read: None}).resolve(read)
