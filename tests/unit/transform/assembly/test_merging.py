# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.base.errors import TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.model.assembly import ConflictRule, MergeRewrite, MergeStrategy
from keyfleet.testing.canary import canary
from keyfleet.transform.assembly.merging import MERGED_MAX_BYTES, merged

PLACE = "spec.dataFrom[0].rewrite[0].merge"
IGNORE = ConflictRule.IGNORE


def run(values: dict[str, bytes], merge: MergeRewrite) -> dict[str, bytes]:
    """Return what one merge makes."""
    secrets = {key: SecretValue(value) for key, value in values.items()}
    return {key: value.reveal() for key, value in merged(secrets, merge, place=PLACE).items()}


def code(values: dict[str, bytes], merge: MergeRewrite) -> tuple[str, str]:
    """Return the code and the subject of the error that one merge raises."""
    with pytest.raises(TransformError) as caught:
        run(values, merge)
    return caught.value.code, caught.value.subject


def test_members_become_the_keys() -> None:
    values = {"one": b'{"a": 1, "b": "x"}', "two": b'{"c": {"d": null}}', "none": b"null"}
    assert run(values, MergeRewrite()) == {"a": b"1", "b": b"x", "c": b'{"d":null}'}


def test_later_names_win_and_those_of_priority_last() -> None:
    values = {name: f'{{"of":"{name}"}}'.encode() for name in ("b", "a", "c")}
    assert run(values, MergeRewrite(on_conflict=IGNORE)) == {"of": b"c"}
    assert run(values, MergeRewrite(priority=("b", "a"), on_conflict=IGNORE)) == {"of": b"a"}


def test_any_overlap_is_a_conflict_also_that_of_priority() -> None:
    values = {"a": b'{"x":1,"y":2,"z":3}', "b": b'{"x":1,"y":2}'}
    expected = ("transform.merge_conflict", f"{PLACE}: x, y")
    assert code(values, MergeRewrite()) == expected
    assert code(values, MergeRewrite(priority=("a",))) == expected


def test_a_key_of_priority_has_to_be_there_unless_told_otherwise() -> None:
    values = {"a": b'{"x":1}'}
    merge = MergeRewrite(priority=("gone", "a"))
    assert code(values, merge) == ("transform.merge_absent", f"{PLACE}: gone")
    assert run(values, MergeRewrite(priority=("gone", "a"), allows_absent=True)) == {"x": b"1"}


def test_json_keeps_what_was_there_and_escapes_no_html() -> None:
    merge = MergeRewrite(into="all", strategy=MergeStrategy.JSON)
    values = {"b": b'{"x": "<&>"}', "a": b'{"y": 1.50}'}
    assert run(values, merge) == {**values, "all": b'{"x":"<&>","y":1.5}'}


def test_json_needs_a_key() -> None:
    merge = MergeRewrite(strategy=MergeStrategy.JSON)
    assert code({"a": b"{}"}, merge) == ("transform.merge_into", PLACE)


@pytest.mark.parametrize(
    "raw", [canary("text"), b"[1]", b'{"a":', b'"' + canary("json") + b'"', b""]
)
def test_only_objects_can_be_merged_and_nothing_quotes_what_is_none(raw: bytes) -> None:
    with pytest.raises(TransformError) as caught:
        run({"fine": b"{}", "broken": raw}, MergeRewrite())
    assert caught.value.code == "transform.merge_object"
    assert caught.value.subject == f"{PLACE}: broken"
    assert caught.value.__context__ is None


def test_there_is_a_limit_to_what_is_merged() -> None:
    raw = b'{"a":"' + b"x" * MERGED_MAX_BYTES + b'"}'
    assert code({"a": raw}, MergeRewrite())[0] == "transform.merge_large"


def test_nothing_merges_to_nothing() -> None:
    assert run({}, MergeRewrite()) == {}
