"""Values change in place; every other byte stays."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.sealing.files.sealedtext import read_yaml, replaced, sealed_documents

HEAD = """\
# who asks: the shop
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata:
  name: db   # two blanks
  namespace: shop
spec:
  encryptedData:
"""
TAIL = """
  template:
    # a comment, and a list that stays in flow style
    metadata: {labels: {app: "shop"}}
    data:
      url: 'https://{{ .user }}@db'
---
kind: ConfigMap
apiVersion: v1
metadata: {name: other}
"""
OLD, NEW = "AgAold+/old==", "AgBnew+/new/longer="

SCALARS = {
    "plain": "    password: {}  # why\n",
    "single quotes": "    password: '{}'\n",
    "double quotes": '    password: "{}"\n',
    "block": "    password: |-\n      {}\n",
    "block with a comment and blank lines": "    password: | # why\n        {}\n\n\n",
    "folded": "    password: >-\n      {}\n",
    "anchor": "    password: &p {}\n    again: *p\n",
    "tag": "    password: !!str '{}'\n",
    "odd letters before": "    é𝄞: x\n    password: {}\n",
}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("before", ["", "\ufeff"])
@pytest.mark.parametrize("case", SCALARS)
def test_only_the_value_changes(case: str, before: str, end: str) -> None:
    def text(value: str) -> bytes:
        whole = before + HEAD + SCALARS[case].format(value) + TAIL
        return whole.replace("\n", end).encode()

    assert _with(text(OLD), "password", NEW) == text(NEW)


def test_wrapped_lines_stay_wrapped() -> None:
    raw = (HEAD + "    password: |\n      AgAo\n      ld+/\n      x=\n" + TAIL).encode()
    expected = HEAD + "    password: |\n      AgBn\n      ew+/\n      new/\n      long\n      er=\n"
    assert _with(raw, "password", NEW) == (expected + TAIL).encode()


def test_json() -> None:
    text = '{{"apiVersion": "bitnami.com/v1alpha1",\n\t"kind":"SealedSecret", "metadata":{{}},\n'
    text += ' "spec": {{"encryptedData": {{"password":"{}"}} }} }}\n'
    assert _with(text.format(OLD).encode(), "password", NEW) == text.format(NEW).encode()


def test_lists_and_several_documents() -> None:
    one = "apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, metadata: {name: a}"
    raw = f"kind: List\nitems:\n- {{{one}, spec: {{encryptedData: {{k: {OLD}}}}}}}\n".encode()
    found = sealed_documents(read_yaml(raw, "f"))
    assert [(str(each), each.path) for each in found] == [("default/a", ("items", 0))]
    assert _with(raw, "k", NEW) == raw.replace(OLD.encode(), NEW.encode())


def test_what_is_merged_in_has_no_place() -> None:
    raw = (HEAD + f"    <<: {{password: {OLD}}}\n" + TAIL).encode()
    (found,) = sealed_documents(read_yaml(raw, "f"))
    assert [(item.text, item.span) for item in found.items] == [(OLD, None)]


@pytest.mark.parametrize("new", ["new # rest", "a: b # c", "new\n    other: AgAx"])
def test_a_change_of_more_is_refused(new: str) -> None:
    raw = (HEAD + f"    password: {OLD}\n" + TAIL).encode()
    (found,) = sealed_documents(read_yaml(raw, "f"))
    assert found.items[0].span is not None
    with pytest.raises(InvalidInputError) as caught:
        replaced(raw, {found.items[0].span: new}, "f")
    assert caught.value.code == "reseal.place"


NAMES = st.from_regex(r"[a-z][-._a-z0-9]{0,8}", fullmatch=True)
TEXTS = st.from_regex(r"Ag[A-D][A-Za-z0-9+/]{1,40}={0,2}", fullmatch=True)
COMMENTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), max_size=20)
PATTERNS = st.sampled_from(
    ["{}", "'{}'", '"{}"', "|-\n      {}", ">\n        {}\n", "!!str {}", "|2-\n      {}"]
)


@given(
    items=st.lists(st.tuples(NAMES, TEXTS, PATTERNS, COMMENTS), unique_by=lambda item: item[0]),
    new=st.lists(TEXTS, min_size=1),
    end=st.sampled_from(["\n", "\r\n"]),
)
@example(items=[("a", "AgA/", "{}", "")], new=["AgB"], end="\n")
def test_any_values_in_any_style(
    items: list[tuple[str, str, str, str]], new: list[str], end: str
) -> None:
    """Taking the new values out of the result leaves what taking the old ones out leaves."""

    def text(values: list[str]) -> bytes:
        lines = [
            f"    # {comment}\n    {name}: {pattern.format(value)}\n"
            for (name, _, pattern, comment), value in zip(items, values, strict=True)
        ]
        return (HEAD + "".join(lines) + TAIL).replace("\n", end).encode()

    raw = text([item[1] for item in items])
    wanted = {item[0]: new[index % len(new)] for index, item in enumerate(items)}
    (found,) = sealed_documents(read_yaml(raw, "f"))
    assert {item.name: item.text.strip() for item in found.items} == {
        name: value for name, value, _, _ in items
    }
    changes = {item.span: wanted[item.name] for item in found.items if item.span}
    assert replaced(raw, changes, "f") == text([wanted[item[0]] for item in items])


def _with(raw: bytes, name: str, new: str) -> bytes:
    (found,) = sealed_documents(read_yaml(raw, "f"))
    spans = {item.name: item.span for item in found.items}
    span = spans[name]
    assert span is not None
    return replaced(raw, {span: new}, "f")
