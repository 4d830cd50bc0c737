# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.base.errors import InvalidInputError
from keyfleet.kube.kubeconfig_entries import SIZE_MAX, Document, Extension, User, read_document


@pytest.mark.parametrize("raw", [b"", b"\n", b"# nothing\n", b"---\n", b"{}", b"null"])
def test_an_empty_file_is_an_empty_kubeconfig(raw: bytes) -> None:
    assert read_document(raw, origin="f") == Document()


def test_nulls_and_unknown_fields_mean_nothing() -> None:
    raw = (
        b"{clusters: null, users: [{name: u, user: {token: null, new: 1}}], preferences: {}, x: 1}"
    )
    document = read_document(raw, origin="f")
    assert document.clusters == []
    assert document.users[0].user == User()


def test_an_extension_is_kept_as_it_is() -> None:
    raw = b"""
clusters:
- name: c
  cluster: {extensions: [{name: e, extension: {a: null, b: [1, null]}}]}
"""
    document = read_document(raw, origin="f")
    assert document.clusters[0].cluster.extensions == [Extension("e", {"a": None, "b": [1, None]})]


def test_json_with_tabs_is_read() -> None:
    assert read_document(b'{\n\t"current-context": "a"\n}', origin="f").current_context == "a"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"kf-canary-text", "kubeconfig.not_a_kubeconfig"),
        (b"[kf-canary-text]", "kubeconfig.not_a_kubeconfig"),
        (b"kind: Secret\napiVersion: v1", "kubeconfig.not_a_kubeconfig"),
        (b"kind: Config\napiVersion: v2", "kubeconfig.not_a_kubeconfig"),
        (b"a: 1\n---\nb: 2", "kubeconfig.several_documents"),
        (b"users: [{name: u}, {name: v}, {name: u}]", "kubeconfig.duplicate_name"),
        (b"clusters: [{name: u}, {name: u}]", "kubeconfig.duplicate_name"),
        (b"contexts: [{name: u}, {name: u}]", "kubeconfig.duplicate_name"),
        (b"users: [{user: {token: 12345}}]", "input.shape"),
        (b"users: [{user: {exec: {provideClusterInfo: kf-canary-no}}}]", "input.shape"),
        (b"users: kf-canary", "input.shape"),
        (b"current-context: kf-canary\ncurrent-context: b", "input.duplicate_key"),
        (b"a: [kf-canary", "input.yaml"),
        (b"a: !!python/name:os.system kf-canary", "input.yaml"),
        (b"a: !!bool kf-canary", "input.yaml"),
        (b"a: !!timestamp kf-canary", "input.yaml"),
        (b'a: "kf-canary\\ud800"', "input.yaml"),
        (b"\xff\xfekf-canary", "input.encoding"),
        (b"a: &a [*a]", "input.yaml"),
        (b"[" * 1_000_000, "input.yaml"),
        (b"- " * 500_000, "input.yaml"),
        (b" " * (SIZE_MAX + 1), "kubeconfig.too_large"),
    ],
)
def test_what_is_no_kubeconfig_is_refused_without_quoting_it(raw: bytes, code: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_document(raw, origin="f")
    assert caught.value.code == code
    assert "f" in caught.value.subject
    assert "kf-canary" not in caught.value.diagnostics()


def test_an_error_of_shape_says_where() -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_document(b"users: [{name: u, user: {token: 12345}}]", origin="f")
    assert caught.value.path == "users[0].user.token"


def test_entries_show_nothing() -> None:
    raw = b"users: [{name: u, user: {token: kf-canary-t, password: kf-canary-p}}]"
    assert "kf-canary" not in repr(read_document(raw, origin="f").users)
