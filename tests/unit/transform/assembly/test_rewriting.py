# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyfleet.base.errors import TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.model.assembly import MergeRewrite, RegexpRewrite, Rewrite, TransformRewrite
from keyfleet.testing.canary import canary
from keyfleet.transform.assembly.rewriting import LIMITS, rewritten
from keyfleet.transform.gotemplate.run import Run

PLACE = "spec.dataFrom[0]"


def run(keys: dict[str, bytes], *rewrites: Rewrite) -> dict[str, bytes]:
    """Return what rewrites make of a map."""
    budget = Run(now=lambda: datetime(2026, 1, 1, tzinfo=UTC), random=Random(1), limits=LIMITS)
    values = {key: SecretValue(value) for key, value in keys.items()}
    found = rewritten(values, rewrites, budget, place=PLACE)
    return {key: value.reveal() for key, value in found.items()}


def renamed(key: str, *rewrites: Rewrite) -> str:
    """Return what rewrites make of one key."""
    return next(iter(run({key: b""}, *rewrites)))


@pytest.mark.parametrize(
    ("key", "source", "target", "expected"),
    [
        ("username", "(.*)", "my_$1", "my_username"),
        ("username", "(.*)", "my_$1x", "my_"),
        ("username", "(.*)", "my_${1}x", "my_usernamex"),
        ("username", "(?P<n>user)", "${n}-", "user-name"),
        ("username", "(?<n>user)", "$n-", "user-name"),
        ("path/to/key", "[^a-z]", "_", "path_to_key"),
        ("path/to/key", ".*/", "", "key"),
        ("aaa", "a*?", "-", "-a-a-a-"),
        ("abc", "b", "$0$$", "ab$c"),
        ("abc", "", "-", "-a-b-c-"),
        ("a\n", "a$", "b", "a\n"),
        ("aXb", "(?i)x", r"\1", r"a\1b"),
        ("caf\u00e9", r"\pL", "x", "xxxx"),
        ("abc", "nothing", "x", "abc"),
    ],
)
def test_regular_expressions_replace_as_go_does(
    key: str, source: str, target: str, expected: str
) -> None:
    assert renamed(key, RegexpRewrite(source, target)) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ .value | upper }}", "USER/NAME"),
        ('{{ .value | replace "/" "_" }}', "user_name"),
        ("prefix-{{ .value }}", "prefix-user/name"),
        ("{{ .missing }}", "<no value>"),
        ('{{ index (splitList "/" .value) 1 }}', "name"),
    ],
)
def test_templates_make_keys_of_keys(template: str, expected: str) -> None:
    assert renamed("user/name", TransformRewrite(template)) == expected


def test_each_rewrite_gets_what_the_one_before_left() -> None:
    values = {"app/one": b'{"a":1}', "app/two": b'{"b":"x"}'}
    strip, lift = RegexpRewrite("^app/", ""), TransformRewrite("{{ .value | title }}")
    assert run(values, strip, lift) == {"One": b'{"a":1}', "Two": b'{"b":"x"}'}
    assert run(values, strip, MergeRewrite(priority=("one",)), lift) == {"A": b"1", "B": b"x"}


def test_where_two_keys_become_one_the_last_by_name_stays() -> None:
    values = {"b": b"2", "c": b"3", "a": b"1"}
    assert run(values, RegexpRewrite(".*", "x")) == {"x": b"3"}
    assert run(values, TransformRewrite("x")) == {"x": b"3"}


def test_a_value_is_not_looked_at() -> None:
    assert run({"a": canary("rewrite")}, TransformRewrite("{{ . }}"))["map[value:a]"]


@pytest.mark.parametrize(
    ("rewrite", "code", "field"),
    [
        (RegexpRewrite("(", ""), "transform.rewrite_regexp", "regexp.source"),
        (RegexpRewrite("(?=a)", ""), "transform.rewrite_regexp", "regexp.source"),
        (RegexpRewrite(r"(a)\1", ""), "transform.rewrite_regexp", "regexp.source"),
        (RegexpRewrite("a{1001}", ""), "transform.rewrite_regexp", "regexp.source"),
        (TransformRewrite("{{"), "transform.rewrite_template", "transform.template"),
        (TransformRewrite("{{ nope }}"), "transform.rewrite_template", "transform.template"),
        (TransformRewrite("{{ .value.x }}"), "transform.rewrite_template", "transform.template"),
        (TransformRewrite('{{ fail "no" }}'), "transform.rewrite_template", "transform.template"),
        (MergeRewrite(), "transform.merge_object", "merge"),
    ],
)
def test_says_which_rewrite_fails_and_quotes_no_value(
    rewrite: Rewrite, code: str, field: str
) -> None:
    with pytest.raises(TransformError) as caught:
        run({"key": canary("rewrite")}, RegexpRewrite("x", "y"), rewrite)
    assert caught.value.code == code
    assert caught.value.subject.startswith(f"{PLACE}.rewrite[1].{field}: ")
    assert caught.value.__context__ is None
    assert caught.value.hint


def test_there_is_a_limit_to_keys_together() -> None:
    keys = {f"{n}": b"" for n in range(300)}
    with pytest.raises(TransformError) as caught:
        run(keys, RegexpRewrite("$", "x" * 9000))
    assert caught.value.code == "transform.rewrite_large"
    assert caught.value.subject == f"{PLACE}.rewrite[0]"


@pytest.mark.parametrize("rewrite", [RegexpRewrite("(", ""), TransformRewrite("{{")])
def test_a_broken_rewrite_is_one_also_where_there_are_no_keys(rewrite: Rewrite) -> None:
    with pytest.raises(TransformError):
        run({}, rewrite)


@pytest.mark.parametrize(
    "rewrite",
    [
        RegexpRewrite("(a?){30}(a*)*$", "$1" * 1000),
        RegexpRewrite(".", "x" * 5000),
        RegexpRewrite("(x+x+)+y", ""),
        RegexpRewrite(r"(\pL{1,500}){2}", ""),
        TransformRewrite("{{ range until 100000 }}{{ range until 100000 }}x{{ end }}{{ end }}"),
        TransformRewrite("{{ repeat 100000 .value }}"),
        TransformRewrite('{{ genPrivateKey "rsa" }}'),
        TransformRewrite("{{ bcrypt .value }}"),
        TransformRewrite('{{ regexReplaceAll "(.*)*x" .value "" }}'),
    ],
)
def test_hostile_rewrites_and_keys_end(rewrite: Rewrite) -> None:
    keys = {f"{n}{'aax' * 300}": b"" for n in range(2000)}
    try:
        found = run(keys, rewrite, rewrite, rewrite)
    except TransformError as error:
        assert error.code.startswith("transform.rewrite_")  # noqa: PT017 - either is fine
    else:
        assert sum(map(len, found)) <= 2 << 20


@settings(max_examples=60)
@given(
    st.dictionaries(st.text(max_size=12), st.just(b""), max_size=4),
    st.text("ab(|)*+?[]^$.\\{1,}P<n>", max_size=10),
    st.text("$ab{1}n\\", max_size=8),
)
def test_any_expression_replaces_or_is_refused(
    keys: dict[str, bytes], source: str, target: str
) -> None:
    try:
        found = run(keys, RegexpRewrite(source, target))
    except TransformError:
        return
    assert len(found) <= len(keys)
    assert bool(found) == bool(keys)
