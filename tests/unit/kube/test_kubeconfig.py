# SPDX-License-Identifier: Apache-2.0
"""Finding, reading and merging kubeconfig files."""

import os
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base import codec
from keyfleet.base.errors import DeniedError, InvalidInputError, UnsupportedError
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.kubeconfig import Context, Kubeconfig, Trust, load, parse

SERVER = Surroundings()


def _text(name: str, *, current: str = "") -> str:
    return dedent(f"""\
        apiVersion: v1
        kind: Config
        current-context: "{current}"
        clusters: [{{name: {name}, cluster: {{server: "https://{name}"}}}}]
        users: [{{name: {name}, user: {{token: kf-canary-t}}}}]
        contexts: [{{name: {name}, context: {{cluster: {name}, user: {name}}}}}]
        """)


def _file(folder: Path, name: str, text: str | None = None, *, current: str = "") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(_text(name, current=current) if text is None else text)
    return path


async def _authorization(config: Kubeconfig, context: str) -> str:
    return (await config.access(context, SERVER).credential.headers())["Authorization"]


def test_explicit_files_are_merged_in_order(tmp_path: Path) -> None:
    a, b = _file(tmp_path, "a"), _file(tmp_path, "b", current="b")
    config = load([a, b, a], {"KUBECONFIG": "/ignored"})
    assert config.contexts == {
        "a": Context("a", "a", "a", "", str(a)),
        "b": Context("b", "b", "b", "", str(b)),
    }
    assert (config.current, config.trust) == ("b", Trust.OPERATOR)


def test_an_explicit_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"absent\.yaml \(does not exist\)"):
        load([_file(tmp_path, "a"), tmp_path / "absent.yaml"], {})


def test_the_variable_lists_files_and_skips_missing_ones(tmp_path: Path) -> None:
    a, b = _file(tmp_path, "a"), _file(tmp_path, "b")
    listed = os.pathsep.join(["", str(a), str(tmp_path / "absent"), str(b), str(a)])
    config = load(None, {"KUBECONFIG": listed, "HOME": str(tmp_path)})
    assert (list(config.contexts), config.warnings) == (["a", "b"], ())


def test_all_files_of_the_variable_missing_is_a_warning(tmp_path: Path) -> None:
    config = load(None, {"KUBECONFIG": str(tmp_path / "absent")})
    assert config.is_empty
    assert config.warnings == ("none of the files in KUBECONFIG exists",)


@pytest.mark.parametrize("variable", [None, ""])
def test_without_the_variable_the_home_folder_counts(tmp_path: Path, variable: str | None) -> None:
    environ = {"HOME": str(tmp_path)} | ({} if variable is None else {"KUBECONFIG": variable})
    assert load(None, environ) == Kubeconfig(Trust.OPERATOR)
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(_text("home"))
    assert list(load([], environ).contexts) == ["home"]


def test_without_anything_the_kubeconfig_is_empty() -> None:
    assert load(None, {}).is_empty


def test_an_unreadable_file_is_an_error_also_in_the_variable(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot be read, IsADirectoryError"):
        load(None, {"KUBECONFIG": str(tmp_path)})


def test_an_empty_file_is_fine(tmp_path: Path) -> None:
    config = load([_file(tmp_path, "empty", ""), _file(tmp_path, "a")], {})
    assert list(config.contexts) == ["a"]


async def test_the_first_file_wins_for_a_whole_entry(tmp_path: Path) -> None:
    first = _file(
        tmp_path,
        "first",
        """\
        clusters: [{name: c, cluster: {server: "https://first"}}]
        users: [{name: u, user: {token: kf-canary-first}}]
        contexts: [{name: x, context: {cluster: c, user: u}}]
        """,
    )
    second = _file(
        tmp_path,
        "second",
        """\
        current-context: x
        clusters: [{name: c, cluster: {server: "https://second", tls-server-name: second}}]
        users: [{name: u, user: {token: kf-canary-second, as: root}}]
        contexts: [{name: x, context: {cluster: c, user: u, namespace: second}}]
        """,
    )
    config = load([first, second], {})
    access = config.access("x", SERVER)
    assert config.current == "x"
    assert (access.endpoint.server, access.endpoint.tls_server_name) == ("https://first", "")
    assert (access.namespace, access.impersonation) == ("default", ())
    assert await _authorization(config, "x") == "Bearer kf-canary-first"


async def test_a_context_may_use_entries_of_other_files(tmp_path: Path) -> None:
    context = "contexts: [{name: x, context: {cluster: b, user: a, namespace: n}}]"
    files = [_file(tmp_path, "a"), _file(tmp_path, "b"), _file(tmp_path, "x", context)]
    access = load(files, {}).access("x", SERVER)
    assert (access.endpoint.server, access.namespace) == ("https://b", "n")


async def test_relative_paths_start_at_the_file_that_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "token").write_text("kf-canary-file")
    text = _text("a").replace("token: kf-canary-t", "tokenFile: token")
    (tmp_path / "sub" / "config").write_text(text)
    monkeypatch.chdir(tmp_path)
    config = load([Path("sub/config")], {})
    monkeypatch.chdir("/")
    assert await _authorization(config, "a") == "Bearer kf-canary-file"


def test_an_unknown_context_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    config = load([_file(tmp_path, "a"), _file(tmp_path, "b")], {})
    with pytest.raises(InvalidInputError, match="context not found: c") as caught:
        config.access("c", SERVER)
    assert caught.value.hint == "use --context with one of: a, b"


def test_the_current_context_or_a_clear_error(tmp_path: Path) -> None:
    config = load([_file(tmp_path, "a", current="a")], {})
    assert config.current_access(SERVER).endpoint.server == "https://a"
    with pytest.raises(InvalidInputError, match="no current context") as caught:
        load([_file(tmp_path, "a")], {}).current_access(SERVER)
    assert caught.value.hint == "use --context with one of: a"
    with pytest.raises(InvalidInputError, match="no kubeconfig") as caught:
        load(None, {}).current_access(SERVER)
    assert "KUBECONFIG" in caught.value.hint


def test_without_kubeconfig_a_pod_is_asked_for_its_service_account() -> None:
    environ = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    with pytest.raises(InvalidInputError, match="service account"):
        load(None, environ).current_access(Surroundings(environ))


def test_a_hint_lists_ten_contexts() -> None:
    names = [f"c{number:02}" for number in range(12)]
    raw = codec.encode_json({"contexts": [{"name": name} for name in names]})
    with pytest.raises(InvalidInputError) as caught:
        parse(raw, origin="s").access("x", SERVER)
    assert caught.value.hint.endswith("c09, …")


def test_names_reach_no_terminal_as_they_are() -> None:
    raw = codec.encode_json({"contexts": [{"name": "\x1b[2J", "context": {}}]})
    with pytest.raises(InvalidInputError) as caught:
        parse(raw, origin="s").access("\x1b[2J", SERVER)
    assert "\x1b" not in caught.value.diagnostics()


def test_shows_no_secret(tmp_path: Path) -> None:
    config = load([_file(tmp_path, "a")], {})
    assert "kf-canary" not in repr((config, config.contexts, config.access("a", SERVER)))


ENTRY = st.fixed_dictionaries({"name": st.sampled_from("abc"), "by": st.integers(0, 99)})
LISTED = st.lists(st.lists(ENTRY, unique_by=lambda entry: entry["name"]), max_size=4)


@given(LISTED)
def test_merging_never_mixes_entries(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[dict[str, Any]]]
) -> None:
    """Every entry of the result is whole, and is that of the first file that has its name."""
    folder = tmp_path_factory.mktemp("merge")
    paths = []
    for number, entries in enumerate(files):
        paths.append(folder / str(number))
        paths[-1].write_bytes(
            codec.encode_json(
                {
                    "clusters": [
                        {
                            "name": entry["name"],
                            "cluster": {
                                "server": f"https://h{entry['by']}",
                                "tls-server-name": f"f{number}",
                            },
                        }
                        for entry in entries
                    ]
                }
            )
        )
    merged = load(paths, {}).clusters if paths else {}
    expected = {
        entry["name"]: (f"https://h{entry['by']}", f"f{number}")
        for number, entries in reversed(list(enumerate(files)))
        for entry in entries
    }
    found = {name: (at.entry.server, at.entry.tls_server_name) for name, at in merged.items()}
    assert found == expected


FIELDS = st.sampled_from([
    "name", "cluster", "user", "context", "clusters", "users", "contexts", "server", "token",
    "tokenFile", "exec", "command", "env", "as", "as-groups", "as-user-extra", "client-key",
    "client-certificate-data", "proxy-url", "extensions", "namespace",
    "certificate-authority-data", "insecure-skip-tls-verify", "apiVersion", "kind",
    "current-context",
])  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from("cux")
    | st.sampled_from(["https://h", "http://h", "eA==", "//[", "https://169.254.1.1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=25,
)  # fmt: skip


def _only_ours(raw: bytes) -> None:
    for trust in Trust:
        try:
            config = parse(raw, origin="s", trust=trust)
        except InvalidInputError:
            continue
        for context in config.contexts:
            try:
                config.access(context, SERVER)
            except (InvalidInputError, DeniedError, UnsupportedError):
                continue


@given(st.binary())
def test_any_bytes_give_only_our_errors(raw: bytes) -> None:
    _only_ours(raw)


@given(st.text(alphabet="abu0:-[]{}!&*<?|>'\"\n \t#%@,\\xtrue~"))
def test_any_yaml_gives_only_our_errors(text: str) -> None:
    _only_ours(text.encode())


@given(
    st.dictionaries(FIELDS, VALUES, max_size=4),
    st.dictionaries(FIELDS, VALUES, max_size=4),
    st.dictionaries(FIELDS, VALUES, max_size=3),
)
def test_any_entries_give_only_our_errors(
    cluster: dict[str, object], user: dict[str, object], extra: dict[str, object]
) -> None:
    document = {
        "clusters": [{"name": "c", "cluster": {"server": "https://h", **cluster}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", **extra}}],
    }
    _only_ours(codec.encode_json(document))
