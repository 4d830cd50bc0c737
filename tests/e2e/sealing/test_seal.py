# SPDX-License-Identifier: Apache-2.0
"""`keyfleet seal` beside the real kubeseal: the same input gives the same, once it is opened."""

import base64
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import pytest
from tests.e2e.sealing.partner import (
    KEYS,
    Partners,
    documents,
    keyset,
    manifest,
    opened,
    pruned,
    yaml,
)

from keyfleet.base.sealing import Scope
from keyfleet.testing.canary import canary
from keyfleet.testing.sealing import key_pair, key_secret

VALUE = canary("sealed").decode()
ENCODED = base64.b64encode(VALUE.encode()).decode()
DATA = {"data": {"password": ENCODED}}
WIDE = "sealedsecrets.bitnami.com/namespace-wide"
EVERYWHERE = "sealedsecrets.bitnami.com/cluster-wide"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

PLAIN = manifest(**DATA, type="Opaque")
INPUTS: dict[str, str] = {
    "yaml": yaml(PLAIN),
    "json": msgspec.json.encode(PLAIN).decode(),
    "no kind": yaml({key: PLAIN[key] for key in ("metadata", "data")}),
    "documents": yaml(PLAIN, manifest(metadata={"name": "two"}, **DATA)) + "---\n\n---\n",
    "objects in a row": msgspec.json.encode(PLAIN).decode() * 2,
    "stringData counts first": yaml(
        manifest(**DATA, stringData={"password": f"{VALUE}-2", "other": VALUE})
    ),
    "labels, annotations": yaml(
        manifest(**DATA, metadata={"labels": {"a": "b"}, "annotations": {"c": "d"}})
    ),
    "what a server adds": yaml(
        manifest(
            **DATA,
            metadata={
                "uid": "u", "resourceVersion": "7", "selfLink": "/x", "generation": 3,
                "creationTimestamp": "2026-11-21T00:00:00Z", "finalizers": ["a/b"],
                "ownerReferences": [
                    {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "q"}
                ],
                "annotations": {LAST_APPLIED: VALUE, "keep": "me"},
            },
        )
    ),
    "namespace-wide": yaml(manifest(**DATA, metadata={"annotations": {WIDE: "true"}})),
    "cluster-wide": yaml(manifest(**DATA, metadata={"annotations": {EVERYWHERE: "true"}})),
    "both scopes": yaml(
        manifest(**DATA, metadata={"annotations": {WIDE: "true", EVERYWHERE: "true"}})
    ),
    "a scope that is none": yaml(manifest(**DATA, metadata={"annotations": {WIDE: "True"}})),
    "type, immutable": yaml(manifest(**DATA, type="kubernetes.io/basic-auth", immutable=True)),
    "not immutable": yaml(manifest(**DATA, immutable=False)),
    "an empty value": yaml(manifest(data={"a": ""}, stringData={"b": ""})),
    "bytes": yaml(manifest(data={"a": base64.b64encode(bytes(range(256))).decode()})),
    "wrapped base64": yaml(manifest(data={"a": f"{ENCODED[:8]}\n{ENCODED[8:]}"})),
}  # fmt: skip


@pytest.mark.parametrize("case", INPUTS)
def test_seals_what_kubeseal_seals(partners: Partners, case: str) -> None:
    ours, theirs = partners.both("--cert", "one.pem", stdin=INPUTS[case])
    assert (ours.code, ours.err) == (theirs.code, theirs.err) == (0, "")
    assert opened(ours.out) == opened(theirs.out)


@pytest.mark.parametrize(
    "words",
    [
        ("--scope", "namespace-wide"),
        ("--scope", "cluster-wide"),
        ("--scope=strict",),
        ("--name", "another"),
        ("--namespace", "shop"),
        ("-n", "shop"),
        ("-o", "yaml"),
        ("-o", "YAML"),
        ("--format", "json"),
        ("--format=Yaml",),
    ],
)
def test_flags_mean_what_they_mean_to_kubeseal(partners: Partners, words: tuple[str, ...]) -> None:
    stdin = yaml(PLAIN, manifest(metadata={"labels": {"a": "b"}}, **DATA))
    ours, theirs = partners.both("--cert", "one.pem", *words, stdin=stdin)
    assert (ours.code, theirs.code) == (0, 0)
    assert opened(ours.out) == opened(theirs.out)
    assert ours.out[:3] == theirs.out[:3], "the same format"
    assert ours.out.endswith("\n")
    assert not ours.out.rstrip().endswith("---")


def test_a_secret_without_namespace_gets_that_of_the_context_as_with_kubeseal(
    partners: Partners,
) -> None:
    config = """\
apiVersion: v1
kind: Config
current-context: a
contexts: [{name: a, context: {cluster: a, user: a, namespace: from-context}}]
clusters: [{name: a, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: a, user: {}}]
"""
    stdin = yaml({**PLAIN, "metadata": {"name": "db"}})
    bare = config.replace(", namespace: from-context", "")
    for kubeconfig, namespace in ((config, "from-context"), (bare, "default")):
        path = partners.write("kubeconfig", kubeconfig)
        ours, theirs = partners.both("--cert", "one.pem", stdin=stdin, KUBECONFIG=path)
        assert opened(ours.out) == opened(theirs.out)
        assert opened(ours.out)[0]["metadata"]["namespace"] == namespace
    ours, theirs = partners.both("--cert", "one.pem", stdin=stdin)
    assert (ours.code, theirs.code) == (2, 1), "nobody says a namespace"
    assert "sealing.no_namespace" in ours.err


def test_scope_strict_takes_annotations_away_unlike_with_kubeseal(partners: Partners) -> None:
    stdin = INPUTS["cluster-wide"]
    ours, theirs = partners.both("--cert", "one.pem", "--scope", "strict", stdin=stdin)
    assert "annotations" not in opened(ours.out)[0]["metadata"]
    assert opened(theirs.out)[0]["metadata"]["annotations"] == {EVERYWHERE: "true"}


def test_managed_fields_stay_out_of_the_template(partners: Partners) -> None:
    metadata = {"managedFields": [{"manager": "kubectl", "operation": "Update"}]}
    ours = partners.ours("--cert", "one.pem", stdin=yaml(manifest(**DATA, metadata=metadata)))
    assert opened(ours.out)[0]["spec"]["template"]["metadata"] == {
        "name": "db",
        "namespace": "shop",
    }


@pytest.mark.parametrize(
    ("words", "environ"),
    [
        ((), {"SEALED_SECRETS_CERT": "one.pem"}),
        (("--scope", "strict"), {"SEALED_SECRETS_CERT": "other.pem", "x": "--cert"}),
        ((), {"SEALED_SECRETS_CERT": "one.pem", "SEALED_SECRETS_SCOPE": "cluster-wide"}),
        ((), {"SEALED_SECRETS_CERT": "one.pem", "SEALED_SECRETS_FORMAT": "yaml"}),
        ((), {"SEALED_SECRETS_CERT": "one.pem", "SEALED_SECRETS_NAMESPACE": "shop"}),
        ((), {"SEALED_SECRETS_CERT": "one.pem", "SEALED_SECRETS_ALLOW_EMPTY_DATA": "true"}),
    ],
)
def test_variables_stand_in_for_flags_as_with_kubeseal(
    partners: Partners, words: tuple[str, ...], environ: dict[str, str]
) -> None:
    given = ("--cert", "one.pem") if environ.pop("x", "") else ()
    ours, theirs = partners.both(*given, *words, stdin=yaml(PLAIN), **environ)
    assert (ours.code, theirs.code) == (0, 0)
    assert opened(ours.out) == opened(theirs.out)
    assert ours.out[:3] == theirs.out[:3]


@pytest.mark.parametrize(
    ("words", "stdin", "code", "said"),
    [
        ((), yaml(manifest(data={})), 2, "sealing.empty"),
        ((), yaml({**PLAIN, "metadata": {"namespace": "shop"}}), 2, "sealing.no_name"),
        (("-n", "other"), yaml(PLAIN), 2, "sealing.namespace"),
        ((), "", 2, "sealing.no_secret"),
        ((), "---\n# nothing\n", 2, "sealing.no_secret"),
        (("-o", "toml"), yaml(PLAIN), 2, "cli.usage"),
        (("--scope", "wide"), yaml(PLAIN), 2, "sealing.scope"),
        (("--from-file", "x"), yaml(PLAIN), 2, "cli.usage"),
        ((), yaml(manifest(data={"a": VALUE})), 2, "sealing.plain_base64"),
        ((), f"a: {{{VALUE}", 2, "input.yaml"),
        ((), f'{{"stringData": {{"a": "{VALUE}"', 2, "input.yaml"),
        (("--cert", "absent.pem"), yaml(PLAIN), 2, "input.unreadable"),
        (("--cert", "one.key"), yaml(PLAIN), 2, "sealing.certificate"),
        (("--cert", "ended.pem"), yaml(PLAIN), 2, "on 2026-11-02"),
        (("-f", "absent.yaml"), "", 2, "input.unreadable"),
        (("--raw", "--scope", "strict", "-n", "a"), VALUE, 2, "cli.usage"),
    ],
)
def test_refuses_what_kubeseal_refuses_and_quotes_nothing(
    partners: Partners, words: tuple[str, ...], stdin: str, code: int, said: str
) -> None:
    ended = key_pair("ended", datetime(2026, 11, 1, tzinfo=UTC), 1)
    partners.write("ended.pem", ended.certificate)
    cert = () if "--cert" in words else ("--cert", "one.pem")
    ours, theirs = partners.both(*cert, *words, "-w", "out", stdin=stdin)
    assert theirs.code != 0
    assert (ours.code, ours.out) == (code, "")
    assert said in ours.err
    assert not (partners.folder / "out").exists(), "nothing is left of what failed"


def test_numbers_are_refused_unlike_with_kubeseal_which_changes_them(partners: Partners) -> None:
    stdin = yaml(manifest(stringData={})).replace("{}", "{pin: 0123}")
    ours, theirs = partners.both("--cert", "one.pem", stdin=stdin)
    assert opened(theirs.out)[0]["spec"]["encryptedData"] == {"pin": b"83"}
    assert (ours.code, ours.out) == (2, "")
    assert "stringData.pin" in ours.err


def test_other_kinds_are_refused_unlike_with_kubeseal(partners: Partners) -> None:
    said = partners.ours("--cert", "one.pem", stdin=yaml({**PLAIN, "kind": "ConfigMap"}))
    assert (said.code, said.out) == (2, "")
    assert "ConfigMap" in said.err


def test_a_list_is_sealed_item_by_item_unlike_with_kubeseal(partners: Partners) -> None:
    items = {"apiVersion": "v1", "kind": "List", "items": [PLAIN, PLAIN]}
    assert len(opened(partners.ours("--cert", "one.pem", stdin=yaml(items)).out)) == 2


def test_warns_of_a_certificate_that_ends_soon(partners: Partners) -> None:
    made = datetime.now(UTC).replace(microsecond=0)
    partners.write("soon.pem", key_pair("soon", made, 5).certificate)
    said = partners.ours("--cert", "soon.pem", stdin=yaml(PLAIN))
    assert said.code == 0
    assert f"expires on {made + timedelta(days=5):%Y-%m-%d}" in said.err


def test_files_in_and_out(partners: Partners) -> None:
    partners.write("in.yaml", yaml(PLAIN))
    for name, start in (("a.yaml", "---"), ("b.yml", "---"), ("c.json", "{"), ("d", "{")):
        ours = partners.ours("--cert", "one.pem", "-f", "in.yaml", "-w", name)
        assert (ours.code, ours.out, ours.err) == (0, "", "")
        written = (partners.folder / name).read_text()
        assert written.startswith(start)
        theirs = partners.theirs("--cert", "one.pem", "-f", "in.yaml", "-w", f"their-{name}")
        assert theirs.code == 0
        assert opened(written) == opened((partners.folder / f"their-{name}").read_text())
    assert not list(partners.folder.glob(".*.tmp"))


def test_certificates_come_from_urls(partners: Partners) -> None:
    handler = partial(_Quiet, directory=str(partners.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        root = f"http://user:{VALUE}@127.0.0.1:{server.server_port}"
        ours = partners.ours("--cert", f"{root}/one.pem?token={VALUE}", stdin=yaml(PLAIN))
        missing = partners.ours("--cert", f"{root}/absent.pem", stdin=yaml(PLAIN))
        fetched = partners.ours("--fetch-cert", "--cert", f"{root}/one.pem")
        server.shutdown()
    assert opened(ours.out)[0]["spec"]["encryptedData"] == {"password": VALUE.encode()}
    assert missing.code == 3
    assert "absent.pem: 404" in missing.err
    assert fetched.out.encode() == KEYS["one"].certificate
    url = (partners.folder / "one.pem").as_uri()
    assert opened(partners.ours("--cert", url, stdin=yaml(PLAIN)).out)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Say nothing."""


RAW = [
    ((), Scope.STRICT),
    (("--scope", "strict"), Scope.STRICT),
    (("--scope", "namespace-wide"), Scope.NAMESPACE_WIDE),
    (("--scope", "cluster-wide"), Scope.CLUSTER_WIDE),
]


@pytest.mark.parametrize(("words", "scope"), RAW)
def test_raw_seals_one_value_to_the_last_byte(
    partners: Partners, words: tuple[str, ...], scope: Scope
) -> None:
    partners.write("value", f"{VALUE}\n")
    place = ("--name", "db", "--namespace", "shop", "--cert", "one.pem", "--raw")
    for given, stdin in (("value", ""), ("key=value", ""), (None, f"{VALUE}\n")):
        files = ("--from-file", given) if given else ()
        for said in partners.both(*place, *words, *files, stdin=stdin):
            assert (said.code, said.err) == (0, "")
            value = keyset().open(said.out, scope.label("shop", "db")).value
            assert value.reveal() == f"{VALUE}\n".encode()
            assert "\n" not in said.out


def test_raw_takes_one_file(partners: Partners) -> None:
    words = ("--raw", "--name", "a", "-n", "b", "--cert", "one.pem")
    for said in partners.both(*words, "--from-file", "one.pem", "--from-file", "one.key"):
        assert said.code != 0
        assert said.out == ""


TARGETS: dict[str, dict[str, Any]] = {
    "strict": {},
    "namespace-wide": {"annotations": {WIDE: "true"}},
    "cluster-wide": {"annotations": {EVERYWHERE: "true"}},
}


@pytest.mark.parametrize("scope", TARGETS)
def test_merging_puts_items_into_the_file_under_its_own_name_and_scope(
    partners: Partners, scope: str
) -> None:
    first = manifest(
        metadata={"labels": {"x": "y", "z": "1"}, **TARGETS[scope]}, type="Opaque",
        data={"old": ENCODED, "password": ENCODED},
    )  # fmt: skip
    sealed = partners.ours("--cert", "one.pem", "-o", "yaml", stdin=yaml(first)).out
    added = manifest(
        metadata={"name": "ignored", "namespace": "elsewhere", "labels": {"z": "2"}},
        stringData={"new": f"{VALUE}-new", "password": f"{VALUE}-2"},
    )
    words = ("--cert", "one.pem", "--scope", scope, "--merge-into")
    our_file, their_file = partners.write("ours.yaml", sealed), partners.write("t.yaml", sealed)
    ours = partners.ours(*words, our_file, stdin=yaml(added))
    # kubeseal ignores the file's scope, hence --scope; and it must have the annotations it adds.
    theirs = partners.theirs(*words, their_file, "-o", "yaml", stdin=yaml(added))
    assert (ours.code, ours.out, theirs.code, theirs.out) == (0, "", 0, ""), theirs.err
    merged = opened(Path(our_file).read_bytes())
    assert merged == opened(Path(their_file).read_bytes())
    assert merged[0]["spec"]["encryptedData"]["password"] == f"{VALUE}-2".encode()
    assert Path(our_file).read_text().startswith("---")


def test_merging_uses_the_files_scope_where_kubeseal_breaks_the_file(partners: Partners) -> None:
    sealed = partners.ours("--cert", "one.pem", stdin=INPUTS["cluster-wide"]).out
    path = partners.write("wide.json", sealed)
    said = partners.ours("--cert", "one.pem", "--merge-into", path, stdin=yaml(PLAIN))
    assert said.code == 0
    assert opened(Path(path).read_bytes())[0]["spec"]["encryptedData"] == {
        "password": VALUE.encode()
    }
    assert Path(path).read_text().startswith("{"), "as it was"
    before = Path(path).read_bytes()
    wrong = partners.ours(
        "--cert", "one.pem", "--merge-into", path, "--scope", "strict", stdin=yaml(PLAIN)
    )
    assert wrong.code == 2
    assert "sealing.merge_scope" in wrong.err
    assert Path(path).read_bytes() == before


def test_merging_into_a_file_without_labels_works_where_kubeseal_crashes(
    partners: Partners,
) -> None:
    path = partners.write(
        "bare.yaml",
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: db, namespace: a}\n"
        "spec: {encryptedData: null}\n",
    )
    stdin = yaml(manifest(**DATA, metadata={"labels": {"a": "b"}, "annotations": {"c": "d"}}))
    assert partners.ours("--cert", "one.pem", "--merge-into", path, stdin=stdin).code == 0
    merged = opened(Path(path).read_bytes())[0]
    assert merged["spec"]["encryptedData"] == {"password": VALUE.encode()}
    assert merged["spec"]["template"]["metadata"] == {
        "labels": {"a": "b"},
        "annotations": {"c": "d"},
    }


def _key_files(partners: Partners) -> dict[str, str]:
    secret = {
        **key_secret(KEYS["one"]),
        "data": {
            "tls.crt": base64.b64encode(KEYS["one"].certificate).decode(),
            "tls.key": base64.b64encode(KEYS["one"].key.reveal()).decode(),
        },
    }
    other = {**secret, "data": {"tls.key": base64.b64encode(KEYS["other"].key.reveal()).decode()}}
    listed = {"apiVersion": "v1", "kind": "List", "items": [other, secret]}
    return {
        "one.key": "one.key",
        "several files": "other.key,one.key",
        "a Secret": partners.write("secret.yaml", yaml(secret)),
        "a List": partners.write("list.json", msgspec.json.encode(listed)),
        "documents": partners.write("several.yaml", f"---\n{yaml(other, secret)}"),
    }


def test_opens_what_kubeseal_sealed_with_each_form_of_key_file_and_the_other_way_round(
    partners: Partners,
) -> None:
    ours, theirs = partners.both("--cert", "one.pem", stdin=INPUTS["labels, annotations"])
    for form, keys in _key_files(partners).items():
        for sealed in (ours.out, theirs.out):
            words = ("--recovery-unseal", "--recovery-private-key", keys)
            said = partners.ours(*words, "-w", "plain.json", stdin=sealed)
            assert said.code == 0, form
            made = documents((partners.folder / "plain.json").read_bytes())
            assert made == documents(partners.theirs(*words, stdin=sealed).out), form
            assert made[0]["data"] == {"password": ENCODED}


def test_templates_give_what_kubeseal_makes_of_them(partners: Partners) -> None:
    sealed = msgspec.json.decode(partners.ours("--cert", "one.pem", stdin=yaml(PLAIN)).out)
    sealed["spec"]["template"]["data"] = {
        "url": 'db://{{ .password | upper }}@{{ index . "port" }}/{{ .missing }}',
        "port": "5432",
        "password": "overridden",
    }
    sealed["spec"]["template"]["immutable"] = True
    stdin = msgspec.json.encode(sealed).decode()
    words = ("--recovery-unseal", "--recovery-private-key", "one.key")
    said = partners.ours(*words, "-w", "plain.json", stdin=stdin)
    theirs = documents(partners.theirs(*words, stdin=stdin).out)
    assert said.code == 0, said.err
    assert pruned(documents((partners.folder / "plain.json").read_bytes())) == theirs


def test_a_value_that_does_not_open_is_named_and_nothing_is_printed(partners: Partners) -> None:
    sealed = partners.ours("--cert", "one.pem", stdin=INPUTS["stringData counts first"]).out
    words = ("--recovery-unseal", "--recovery-private-key", "other.key")
    ours, theirs = partners.both(*words, stdin=sealed)
    assert (ours.code, ours.out) == (4, "")
    assert theirs.code == 1
    assert "no key could decrypt secret (other, password)" in ours.err
    broken = msgspec.json.decode(sealed)
    broken["spec"]["encryptedData"]["password"] = "?"
    stdin = msgspec.json.encode(broken).decode()
    said = partners.ours("--recovery-unseal", "--recovery-private-key", "one.key", stdin=stdin)
    assert (said.code, said.out) == (2, "")
    assert "illegal base64 data at input byte 0 (password)" in said.err
