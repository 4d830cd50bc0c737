# SPDX-License-Identifier: Apache-2.0
"""An entry more in a kustomization: it says the same and the entry, and looks as before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base import codec
from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.sealing.files.kustomization import new_kustomization, with_resource

CASES = {
    "indented": ("resources:\n  - a.yml\n", "resources:\n  - a.yml\n  - db.yml\n"),
    "not indented": ("resources:\n- a.yml\n", "resources:\n- a.yml\n- db.yml\n"),
    "far": ("resources:\n-   a.yml\n", "resources:\n-   a.yml\n-   db.yml\n"),
    "no line end": ("resources:\n- a.yml", "resources:\n- a.yml\n- db.yml\n"),
    "comments": (
        "# head\nresources: # why\n  - a.yml # first\n  # - old.yml\nnamespace: b # tail\n",
        (
            "# head\nresources: # why\n  - a.yml # first\n  - db.yml\n  # - old.yml\n"
            "namespace: b # tail\n"
        ),
    ),
    "quotes": ("resources: \n- 'a.yml'\n", "resources: \n- 'a.yml'\n- db.yml\n"),
    "CRLF": ("resources:\r\n- a.yml\r\nb: c\r\n", "resources:\r\n- a.yml\r\n- db.yml\r\nb: c\r\n"),
    "byte order mark": ("\ufeffresources:\n- ä.yml\n", "\ufeffresources:\n- ä.yml\n- db.yml\n"),
    "flow": ("resources: [a.yml, b.yml]\n", "resources: [a.yml, b.yml, db.yml]\n"),
    "flow in lines": (
        "resources: [\n  a.yml, # one\n  b.yml\n]\nx: y\n",
        "resources: [\n  a.yml, # one\n  b.yml, db.yml\n]\nx: y\n",
    ),
    "comma at the end": ("resources: [a.yml,]\n", "resources: [a.yml, db.yml]\n"),
    "empty flow": ("resources: []\nx: y\n", "resources: [db.yml]\nx: y\n"),
    "null": ("resources: ~\nx: y\n", "resources: [db.yml]\nx: y\n"),
    "nothing": ("resources:\nx: y\n", "resources:\n  - db.yml\nx: y\n"),
    "nothing at the end": ("x: y\nresources:", "x: y\nresources:\n  - db.yml\n"),
    "no resources": ("namespace: a\n", "namespace: a\nresources:\n  - db.yml\n"),
    "empty": ("", "resources:\n  - db.yml\n"),
    "a comment": ("# nothing\n", "# nothing\nresources:\n  - db.yml\n"),
    "quoted over lines": (
        'resources:\n  - "a\n    b"\nx: y\n', 'resources:\n  - "a\n    b"\n  - db.yml\nx: y\n',
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_adds_one_line_and_touches_nothing_else(case: str) -> None:
    before, after = CASES[case]
    assert with_resource(before.encode(), "db.yml", "k").decode() == after


@pytest.mark.parametrize(
    "text",
    ["resources: [db.yml]\n", "resources:\n- ./db.yml\n", "x: y\nresources:\n  - 'db.yml' # b\n"],
)
def test_leaves_alone_what_has_the_entry(text: str) -> None:
    assert with_resource(text.encode(), "db.yml", "k") == text.encode()


@pytest.mark.parametrize(
    "text",
    [
        "- a\n",
        "resources: {a: b}\n",
        "a: 1\n---\nb: 2\n",
        "{a: b}\n",
        "a: b\n...\n",
        "resources: *a\n",
    ],
)
def test_refuses_what_it_cannot_add_to(text: str) -> None:
    with pytest.raises(InvalidInputError):
        with_resource(text.encode(), "db.yml", "k")


_ENTRY = st.from_regex(r"[a-z0-9]([-a-z0-9.]{0,10}[a-z0-9])?\.ya?ml", fullmatch=True)
_OTHER = st.one_of(_ENTRY, st.text(min_size=1, max_size=12))
_MORE = st.dictionaries(
    st.sampled_from(["namespace", "namePrefix", "patches", "images", "é"]),
    st.one_of(st.text(max_size=20), st.lists(st.text(max_size=8), max_size=3), st.none()),
)


@given(
    _ENTRY,
    st.one_of(st.none(), st.lists(_OTHER, max_size=4)),
    _MORE,
    _MORE,
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_what_it_says_is_the_same_and_the_entry(
    entry: str,
    listed: list[str] | None,
    before: dict[str, object],
    after: dict[str, object],
    end: str,
    has_list: bool,
) -> None:
    content = {**before, **({"resources": listed} if has_list else {}), **after}
    raw = codec.encode_yaml(content).replace("\n", end).encode() if content else b""
    found = codec.decode_yaml(raw, subject="k")
    said = found[0].content if found else {}
    added = with_resource(raw, entry, "k")
    listed = said.get("resources") or []
    wanted = listed if entry in listed else [*listed, entry]
    assert codec.decode_yaml(added, subject="k")[0].content == {**said, "resources": wanted}
    assert with_resource(added, entry, "k") == added, "twice is once"
    # Nothing that stood there is gone.
    kept = iter(added.decode().splitlines())
    assert all(
        any(line in (each, "resources: []", "resources:") or line in each for each in kept)
        for line in raw.decode().splitlines()
        if line not in ("resources: []", "resources: null")
    )


def test_a_new_one_lists_what_it_is_for() -> None:
    said = codec.decode_yaml(new_kustomization(["a.yml", "b.yml"]), subject="k")[0].content
    assert said["resources"] == ["a.yml", "b.yml"]
    assert said["kind"] == "Kustomization"
