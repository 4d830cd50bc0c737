"""Whatever a file holds: lint says something or nothing, never a value, and does not fail."""

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from keyfleet.base.codec import encode_yaml
from keyfleet.cli.options import Format
from keyfleet.cli.output import rendered
from keyfleet.cli.sealing.files.tree import TreeFile
from keyfleet.cli.sealing.lint import lint_answer
from keyfleet.cli.sealing.linting.complaints import Allowed, Complaint, rules_for
from keyfleet.cli.sealing.linting.linting import Knowledge, Report, lint_text
from keyfleet.cli.sealing.linting.plainrules import PLAINTEXT, key_complaints
from keyfleet.cli.terminal import Look
from keyfleet.testing.canary import canary, find_canary

NOW = datetime(2026, 11, 22, tzinfo=UTC)
VALUE = canary("lint").decode()

# Names of things are told, so none of these is one.
KEYS = st.sampled_from(
    [
        *("apiVersion", "kind", "metadata", "annotations", "labels", "spec", "data", "stringData"),
        *("template", "encryptedData", "items", "secretGenerator", "literals", "resources", "a"),
        *("<<", "sealedsecrets.bitnami.com/cluster-wide"),
        "kubectl.kubernetes.io/last-applied-configuration",
    ]
)
SCALARS = st.one_of(
    st.sampled_from(
        ["Secret", "SealedSecret", "List", "Kustomization", "v1", "bitnami.com/v1alpha1", VALUE]
    ),
    st.sampled_from([None, True, 1, 0.5, "true", "", "AgA", "AgAA" * 200, "a=b", "../x"]),
)
OBJECTS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=6)),
    max_leaves=30,
)


def lint(raw: bytes, name: str = "a.yaml") -> list[Complaint]:
    return lint_text(raw, TreeFile(Path("/none") / name, Path("/none")), Knowledge(NOW))


@given(st.binary(max_size=400), st.sampled_from(["a.yaml", "a.json", "a.pem", "Kustomization"]))
@example(b"", "a.yaml")
@example(b"\xef\xbb\xbfkind: Secret\ndata: {a: b}", "a.yaml")
@example(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "a.pem")
@example(b"? [a]\n: b", "a.yaml")
def test_any_bytes(raw: bytes, name: str) -> None:
    for each in lint(raw, name):
        assert each.line >= 1
        assert each.column >= 1


@given(OBJECTS)
@example({"kind": "Secret", "data": {"a": VALUE}, "metadata": "none"})
@example({"kind": "Kustomization", "secretGenerator": [{"literals": [VALUE, f"a={VALUE}", 1]}]})
@example({"kind": "SealedSecret", "apiVersion": "bitnami.com/v1alpha1", "spec": {"data": 1}})
@example({"kind": "List", "items": [{"kind": "List", "items": [None, {"kind": "Secret"}]}]})
def test_any_object(content: object) -> None:
    """What it says of an object holds no value of it."""
    for each in lint(encode_yaml(content).encode()):
        assert not find_canary(each.message)


def test_the_place_is_where_the_value_stands() -> None:
    raw = f"kind: Secret\nmetadata: {{name: db}}\nstringData:\n  a: ''\n  b: {VALUE}\n".encode()
    (found,) = lint(raw)
    assert (found.place, found.rule) == ("/none/a.yaml:5:3", PLAINTEXT)
    assert found.message == "Secret db with values in clear: b"


def test_a_comment_allows_its_line_and_the_next() -> None:
    raw = b"a\n# keyfleet-lint: allow plaintext-secret, private-key\nb\nc\n"
    allowed = Allowed(raw)
    found = [allowed.covers(Complaint("f", line, 1, PLAINTEXT, "")) for line in range(1, 5)]
    assert found == [False, True, True, False]
    other = Allowed(raw.replace(b"plaintext-secret, ", b""))
    assert not other.covers(Complaint("f", 2, 1, PLAINTEXT, ""))


def test_patterns_of_a_folder_allow() -> None:
    assert rules_for("docs/a.yaml", [("x", "docs/*"), ("y", "a.yaml")]) == {"x"}


def test_what_could_not_be_checked_is_said() -> None:
    answer = lint_answer(Report([], 2, 0), ["east", "west"])
    said = "2 files, nothing wrong, but not all keys of east, west could be read"
    assert answer.summary == said
    assert answer.document["unchecked"] == ["east", "west"]
    assert lint_answer(Report([], 2, 0)).summary == "2 files, nothing wrong"


def test_no_name_in_a_tree_forges_a_line() -> None:
    """What reads lint's lines, such as a runner of workflows, takes commands from some of them."""
    forged = "x\n::stop-commands::token\r\nclusters/a.yaml:1:1: note"
    document = {"kind": "Secret", "metadata": {"name": forged}, "stringData": {forged: VALUE}}
    file = TreeFile(Path(f"/tree/{forged}.yaml"), Path("/tree"))
    found = lint_text(encode_yaml(document).encode(), file, Knowledge(NOW))
    answer = lint_answer(Report(found, 1, 0))
    text = rendered(answer, Format.TABLE, Look(is_ascii=False))
    names = rendered(answer, Format.NAME, Look(is_ascii=False))
    complaint, _hint, *summary = text.splitlines()
    assert complaint.startswith("/tree/x\\n::stop-commands")
    assert summary == ["", "1 file, 1 error"]
    assert len(names.splitlines()) == 1


def test_very_many_keys_are_found_where_they_are() -> None:
    """Each is looked for from the last one on: else 16 MiB of them took hours."""
    key = b"-----BEGIN PRIVATE KEY-----\\n"
    raw = b"# first\n" + b"  " + key + key + b"\n" + key * 100_000
    found = list(key_complaints("a.pem", raw))
    assert len(found) == 100_002
    places = [(each.line, each.column) for each in (*found[:4], found[-1])]
    assert places == [(2, 3), (2, 32), (3, 1), (3, 30), (3, 1 + 29 * 99_999)]
