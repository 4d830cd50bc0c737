# SPDX-License-Identifier: Apache-2.0
"""The authority policies asked by real users: certificates, groups and service accounts with RBAC.

Two tenants, `alice` in team-a and `bob` in team-b, and people who hold less or other rights than
they. What is tried is tried in every way in which an object can be written.
"""

import http.client
import ssl
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.cluster.test_admission import APPLY, MERGE, RBAC, RESOURCES, until

from keyfleet import manifests
from keyfleet.base.clock import SystemClock
from keyfleet.base.codec import encode_json
from keyfleet.base.errors import UnsupportedError
from keyfleet.base.secret import SecretValue
from keyfleet.cli.installing import install_hub
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.client import Client
from keyfleet.kube.resources import FLEETCLUSTERS, FLEETPOLICIES, FLEETSECRETS, SECRETS, Resource
from keyfleet.localplane import ControlPlane, FaultProxy, faults
from keyfleet.localplane.connections import Answer, client_context
from keyfleet.localplane.pki import KeyPair
from keyfleet.testing.canary import canary

A, B = "team-a", "team-b"
JSON_PATCH = "application/json-patch+json"
WRITE = ["get", "create", "update", "patch", "delete"]
GROUP = "keyfleet.io"
STORES = "external-secrets.io"
CREATED, OK, FORBIDDEN, INVALID = 201, 200, 403, 422


@dataclass(frozen=True)
class User:
    """One login: a client certificate or a token."""

    url: str
    context: ssl.SSLContext = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)

    def call(
        self, method: str, path: str, body: Any = None, content_type: str = "application/json"
    ) -> Answer:
        connection = http.client.HTTPSConnection(
            urlsplit(self.url).netloc, timeout=30, context=self.context
        )
        headers = {"Content-Type": content_type, **self.headers}
        try:
            content = None if body is None else encode_json(body)
            connection.request(method, path, content, headers)
            response = connection.getresponse()
            return Answer(response.status, response.read())
        finally:
            connection.close()


def by_certificate(plane: ControlPlane, folder: Path, name: str, *groups: str) -> User:
    pair: KeyPair = plane.authority.client(name, groups)
    path = folder / f"{name.replace(':', '-')}.pem"
    path.write_bytes(pair.certificate_pem + pair.key_pem)
    path.chmod(0o600)
    context = client_context(plane.ca_pem)
    context.load_cert_chain(path)
    return User(plane.url, context)


def by_token(plane: ControlPlane, token: str, **more: str) -> User:
    headers = {"Authorization": f"Bearer {token}", **more}
    return User(plane.url, client_context(plane.ca_pem), headers)


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    """A plane with everything installed and in force, two tenants and their rights."""
    plane = ControlPlane("users")
    try:
        plane.open()
        for manifest in manifests.everything():
            plane.api.must("POST", RESOURCES[manifest["kind"]].path(), manifest)
        for resource, probe in manifests.probes(manifests.SYSTEM_NAMESPACE):
            path = resource.path(namespace=probe["metadata"].get("namespace", ""))
            until(lambda path=path, probe=probe: is_refused(plane, path, probe))  # type: ignore[misc]
        populate(plane)
        yield plane
    finally:
        plane.close()


def is_refused(plane: ControlPlane, path: str, probe: dict[str, Any]) -> bool:
    return plane.api.call("POST", f"{path}?dryRun=All", probe).status == 422


def populate(plane: ControlPlane) -> None:
    for team in (A, B):
        plane.create_namespace(team)
        for name in ("own", "shared"):
            secret = {"metadata": {"name": name}, "stringData": {"k": canary(team)}}
            plane.api.must("POST", SECRETS.path(namespace=team), secret)
        rules = [fleet(), secrets(WRITE), config_maps("templates"), asks_stores()]
        bind(plane, team, "tenants", rules, group(team))
    bind(plane, A, "editors", [fleet()], user("editor"))
    bind(plane, A, "listers", [fleet(), secrets(["list", "watch"])], user("lister"))
    bind(plane, A, "named", [fleet(), secrets(["get"], "own")], user("named"))
    bind(plane, B, "guests", [secrets(["get"], "shared")], user("guest"))
    bind(plane, A, "users-of-vault", [fleet(), uses("vault")], user("teller"))
    bind(plane, A, "robots", [fleet(), secrets(["get"])], account(A, "robot"))
    bind(plane, A, "idlers", [fleet()], account(A, "idler"))
    bind(plane, A, "patchers", [secrets(["patch"])], user("patcher"))
    bind(plane, "", "tenant-admin", [clusters()], group("registrars"))
    bind(plane, "", "keyfleet", [statuses()], account("keyfleet-system", "keyfleet"))


def fleet() -> dict[str, Any]:
    return {"apiGroups": [GROUP], "resources": ["fleetsecrets"], "verbs": WRITE}


def clusters() -> dict[str, Any]:
    return {"apiGroups": [GROUP], "resources": ["fleetclusters"], "verbs": WRITE}


def statuses() -> dict[str, Any]:
    named = ["fleetsecrets/status", "fleetclusters/status"]
    return {"apiGroups": [GROUP], "resources": named, "verbs": ["update", "patch"]}


def secrets(verbs: list[str], *names: str) -> dict[str, Any]:
    only = {"resourceNames": list(names)} if names else {}
    return {"apiGroups": [""], "resources": ["secrets"], "verbs": verbs} | only


def config_maps(*names: str) -> dict[str, Any]:
    return {
        "apiGroups": [""],
        "resources": ["configmaps"],
        "verbs": ["get"],
        "resourceNames": list(names),
    }


def asks_stores() -> dict[str, Any]:
    return {"apiGroups": [STORES], "resources": ["externalsecrets"], "verbs": ["create"]}


def uses(name: str) -> dict[str, Any]:
    return {
        "apiGroups": [STORES],
        "resources": ["secretstores"],
        "verbs": ["use"],
        "resourceNames": [name],
    }


def user(name: str) -> dict[str, str]:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name}


def group(name: str) -> dict[str, str]:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": name}


def account(namespace: str, name: str) -> dict[str, str]:
    return {"kind": "ServiceAccount", "namespace": namespace, "name": name}


def bind(
    plane: ControlPlane,
    namespace: str,
    name: str,
    rules: list[dict[str, Any]],
    subject: dict[str, str],
) -> None:
    place, kind = (f"/namespaces/{namespace}", "Role") if namespace else ("", "ClusterRole")
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
    plural = f"{kind.lower()}s"
    plane.api.must("POST", f"{RBAC}{place}/{plural}", {"metadata": {"name": name}, "rules": rules})
    binding = {"metadata": {"name": name}, "roleRef": reference, "subjects": [subject]}
    plane.api.must("POST", f"{RBAC}{place}/{plural[:-1]}bindings", binding)


Login = Callable[[str], User]


@pytest.fixture(scope="module")
def login(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Login:
    """Return the login of a person or program of this module by name."""
    folder = tmp_path_factory.mktemp("logins")
    groups = {"alice": (A,), "bob": (B,), "guest": (A,), "root": ("system:masters",)}
    accounts = {"robot": A, "idler": A, "keyfleet": "keyfleet-system"}
    known: dict[str, User] = {}

    def find(name: str) -> User:
        if name not in known:
            if name in accounts:
                known[name] = by_token(plane, plane.service_account_token(accounts[name], name))
            else:
                joined = ("registrars", A) if name == "registrar" else groups.get(name, ())
                known[name] = by_certificate(plane, folder, name, *joined)
        return known[name]

    return find


def document(reference: dict[str, Any], name: str = "probe", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": FLEETSECRETS.api_version,
        "kind": "FleetSecret",
        "metadata": {"name": name, "namespace": A},
        "spec": {
            "source": {"secretRef": reference},
            "placement": {"clusters": {"names": ["east"]}},
            **spec,
        },
    }


def path_of(name: str = "", resource: Resource = FLEETSECRETS) -> str:
    return resource.path(namespace=A if resource.namespaced else "", name=name)


def create(who: User, body: dict[str, Any], query: str = "?dryRun=All") -> Answer:
    return who.call("POST", path_of() + query, body)


def apply(who: User, body: dict[str, Any], query: str = "&dryRun=All") -> Answer:
    path = f"{path_of(body['metadata']['name'])}?fieldManager=test{query}"
    return who.call("PATCH", path, body, APPLY)


OWN, THEIRS = {"name": "own"}, {"name": "own", "namespace": B}
SHARED = {"name": "shared", "namespace": B}
ABSENT, ABSENT_THEIRS = {"name": "absent"}, {"name": "absent", "namespace": B}

MAY: list[tuple[str, dict[str, Any]]] = [
    ("alice", OWN),
    ("alice", ABSENT),
    ("alice", {"name": "own", "namespace": A}),
    ("named", OWN),
    ("guest", SHARED),
    ("robot", OWN),
    ("root", THEIRS),
    ("root", ABSENT_THEIRS),
]
MAY_NOT: list[tuple[str, dict[str, Any]]] = [
    ("alice", THEIRS),
    ("alice", SHARED),
    ("alice", ABSENT_THEIRS),
    ("alice", {"name": "keyfleet-fingerprint", "namespace": "keyfleet-system"}),
    ("alice", {"name": "own", "namespace": B, "cluster": "hub"}),
    ("alice", {"name": "own", "namespace": B, "cluster": "east"}),
    ("editor", OWN),
    ("editor", ABSENT),
    ("lister", OWN),
    ("named", {"name": "shared"}),
    ("guest", THEIRS),
    ("robot", THEIRS),
    ("idler", OWN),
]


@pytest.mark.parametrize("write", [create, apply])
@pytest.mark.parametrize(("who", "reference"), MAY)
def test_an_author_names_what_they_may_get(
    login: Login, who: str, reference: dict[str, Any], write: Callable[..., Answer]
) -> None:
    assert write(login(who), document(reference)).status == CREATED


@pytest.mark.parametrize("write", [create, apply])
@pytest.mark.parametrize(("who", "reference"), MAY_NOT)
def test_nobody_names_what_they_may_not_get(
    login: Login, who: str, reference: dict[str, Any], write: Callable[..., Answer]
) -> None:
    """The refusal says who lacks which right on what, and the two ways out."""
    answer = write(login(who), document(reference))
    assert answer.status == FORBIDDEN
    told = str(answer.json()["message"])
    name = f"system:serviceaccount:{A}:{who}" if who in ("robot", "idler") else who
    place = f"{reference.get('namespace', A)}/{reference['name']}"
    assert f"{name} may not get Secret {place} on the hub" in told
    assert "name another Secret, or be granted `get` on this one" in told


VAULT = {"name": "vault"}
WIDE = {"name": "vault", "kind": "ClusterSecretStore"}


def of_store(store: dict[str, Any], *, several: bool = False) -> dict[str, Any]:
    source = {"storeRef": store, "key": "db"}
    if not several:
        return document(OWN, source=source)
    return document(OWN, source=None, sources=[{"name": "s", **source}])


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize(
    ("who", "store"),
    [("alice", VAULT), ("alice", WIDE), ("teller", VAULT), ("root", VAULT | {"namespace": B})],
)
def test_an_author_reads_stores_that_they_could_ask_anyway(
    login: Login, who: str, store: dict[str, Any], *, several: bool
) -> None:
    """By an ExternalSecret beside it, or since they may use the store."""
    answer = create(login(who), of_store(store, several=several))
    assert answer.status == CREATED, answer.json()


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize(
    ("who", "store"),
    [
        ("alice", VAULT | {"namespace": B}),
        ("editor", VAULT),
        ("editor", WIDE),
        ("teller", {"name": "other"}),
        ("teller", WIDE),
    ],
)
def test_nobody_reads_a_store_that_they_may_not_use(
    login: Login, who: str, store: dict[str, Any], *, several: bool
) -> None:
    answer = create(login(who), of_store(store, several=several))
    assert answer.status == FORBIDDEN, answer.json()
    told = str(answer.json()["message"])
    assert f"{who} may not use {store.get('kind', 'SecretStore')} " in told
    assert "nor create ExternalSecrets there" in told


def sealed(*, several: bool = False, **more: str) -> dict[str, Any]:
    source = {"sealed": {"encryptedData": {"k": "AgBx"}, **more}}
    if not several:
        return document(OWN, source=source)
    return document(OWN, source=None, sources=[{"name": "s", **source}])


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("scope", ["strict", "namespace-wide", "cluster-wide"])
def test_an_author_opens_what_was_sealed_for_secrets_that_they_may_read(
    login: Login, scope: str, *, several: bool
) -> None:
    answer = create(login("alice"), sealed(several=several, scope=scope))
    assert answer.status == CREATED, answer.json()


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize(
    ("who", "more", "told"),
    [
        ("editor", {}, "nor create SealedSecrets there"),
        ("editor", {"cluster": "east"}, "nor use FleetCluster east"),
        ("named", {"scope": "namespace-wide"}, "nor create SealedSecrets there"),
    ],
)
def test_nobody_opens_what_was_sealed_for_secrets_that_they_may_not_read(
    login: Login, who: str, more: dict[str, str], told: str, *, several: bool
) -> None:
    answer = create(login(who), sealed(several=several, **more))
    assert answer.status == FORBIDDEN, answer.json()
    assert told in str(answer.json()["message"])


def with_sources(*references: dict[str, Any], **spec: Any) -> dict[str, Any]:
    found = document(OWN, **spec)
    del found["spec"]["source"]
    names = [{"name": f"s{at}", "secretRef": each} for at, each in enumerate(references)]
    found["spec"]["sources"] = names
    return found


def with_templates(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"templateFrom": [{kind: holder(name) for kind, name in e.items()} for e in entries]}


def holder(name: str) -> dict[str, Any]:
    return {"name": name, "items": [{"key": "k"}]}


FIELDS: list[tuple[str, dict[str, Any], str]] = [
    ("alice", with_sources(OWN, THEIRS), "spec.sources[].secretRef"),
    ("alice", with_sources(SHARED), "spec.sources[].secretRef"),
    ("alice", with_sources(*[OWN] * 7, THEIRS | {"cluster": "east"}), "spec.sources[].secretRef"),
    ("editor", with_sources(OWN), "spec.sources[].secretRef"),
    (
        "named",
        document(OWN, template=with_templates({"secretRef": "shared"})),
        "spec.template.templateFrom[].secretRef",
    ),
    (
        "alice",
        document(OWN, template=with_templates({"configMapRef": "other"})),
        "spec.template.templateFrom[].configMapRef",
    ),
    (
        "robot",
        with_sources(
            OWN,
            template=with_templates(
                *[{"secretRef": "own"}] * 7, MAP := {"configMapRef": "templates"}
            ),
        ),
        "spec.template.templateFrom[].configMapRef",
    ),
]


@pytest.mark.parametrize("write", [create, apply])
@pytest.mark.parametrize(("who", "body", "field"), FIELDS)
def test_every_field_that_refers_to_something_is_asked_about(
    login: Login, who: str, body: dict[str, Any], field: str, write: Callable[..., Answer]
) -> None:
    answer = write(login(who), body)
    assert answer.status == FORBIDDEN, answer.json()
    assert f"{field}: " in answer.json()["message"]
    assert "may not get" in answer.json()["message"]


def test_as_many_references_as_there_may_be_are_asked_about(login: Login) -> None:
    """Within what an API server lets expressions cost."""
    anywhere = [OWN | {"cluster": "east"}] * 8
    template = with_templates(*[{"secretRef": "own"}] * 4, *[MAP] * 4)
    assert create(login("alice"), with_sources(*anywhere, template=template)).status == CREATED
    several = with_sources(*anywhere, OWN)
    assert create(login("alice"), several).status != CREATED


@pytest.mark.parametrize(
    "body",
    [
        document(OWN) | {"spec": {"placement": {}}},
        document(OWN, sources=[{"name": "s", "secretRef": OWN}]),
        document(OWN, template={"templateFrom": [{}]}),
        document(OWN, template=with_templates({"secretRef": "own", "configMapRef": "templates"})),
        with_sources(OWN) | {"spec": {"sources": [{"name": "a-b", "secretRef": OWN}]}},
    ],
)
def test_what_names_nothing_or_two_things_is_no_reference(
    login: Login, body: dict[str, Any]
) -> None:
    assert create(login("root"), body).status == INVALID


def test_absent_and_forbidden_secrets_are_refused_in_the_same_words(login: Login) -> None:
    """Else a dry run would tell which Secrets another tenant has."""
    told = [
        create(login("alice"), document({"name": name, "namespace": B})) for name in ("own", "none")
    ]
    assert [answer.status for answer in told] == [FORBIDDEN] * 2
    first, second = (str(answer.json()["message"]) for answer in told)
    assert first.replace(f"{B}/own", f"{B}/none") == second


def test_whoever_may_impersonate_has_the_rights_of_whom_they_impersonate(
    plane: ControlPlane,
) -> None:
    headers = {"Impersonate-User": "alice", "Impersonate-Group": A}
    as_alice = by_token(plane, plane.tokens["admin"], **headers)
    assert create(as_alice, document(OWN)).status == CREATED
    assert create(as_alice, document(THEIRS)).status == FORBIDDEN


# Updates: of the reference, of the rest of the spec, of metadata, of the status.


@pytest.fixture
def written(plane: ControlPlane) -> Iterator[dict[str, Any]]:
    """A FleetSecret in team-a that the administrator wrote, reading team-b's shared Secret."""
    path = path_of()
    made = plane.api.must("POST", path, document(SHARED, "written"))
    yield made
    plane.api.must("DELETE", path_of("written"))


def merge(who: User, change: dict[str, Any], sub: str = "") -> Answer:
    return who.call("PATCH", path_of("written") + sub, change, MERGE)


def put(who: User, plane: ControlPlane, **changes: Any) -> Answer:
    now = plane.api.must("GET", path_of("written"))
    return who.call("PUT", path_of("written"), {**now, **changes})


def json_patch(who: User, *operations: dict[str, Any]) -> Answer:
    return who.call("PATCH", path_of("written"), list(operations), JSON_PATCH)


ELSEWHERE = {"clusters": {"names": ["west"]}}


def test_a_changed_spec_is_judged_by_the_rights_of_who_changes_it(
    plane: ControlPlane, login: Login, written: dict[str, Any]
) -> None:
    """Whoever may not read a Secret does not send it elsewhere either, by no verb."""
    for who in ("alice", "editor", "idler"):
        redirected = written["spec"] | {"placement": ELSEWHERE}
        assert merge(login(who), {"spec": {"placement": ELSEWHERE}}).status == FORBIDDEN
        assert put(login(who), plane, spec=redirected).status == FORBIDDEN
        renamed = {"op": "add", "path": "/spec/placement/name", "value": "mine"}
        assert json_patch(login(who), renamed).status == FORBIDDEN
        applied = document(SHARED, "written", placement=ELSEWHERE)
        assert apply(login(who), applied, "&force=true").status == FORBIDDEN
    assert merge(login("guest"), {"spec": {"placement": ELSEWHERE}}).status == OK


def test_a_changed_reference_is_judged_as_it_will_be(login: Login, written: dict[str, Any]) -> None:
    del written
    operation = {"op": "replace", "path": "/spec/source/secretRef/name", "value": "own"}
    assert json_patch(login("guest"), operation).status == FORBIDDEN
    away = {"spec": {"source": {"secretRef": {"name": "own", "namespace": None}}}}
    assert merge(login("editor"), away).status == FORBIDDEN
    assert merge(login("alice"), away).status == OK


def test_who_leaves_the_spec_alone_needs_no_right_to_read(
    plane: ControlPlane, login: Login, written: dict[str, Any]
) -> None:
    """A sync, a label, a finalizer, the same spec once more."""
    editor = login("editor")
    assert merge(editor, {"metadata": {"labels": {"a": "b"}}}).status == OK
    sync = {"metadata": {"annotations": {"keyfleet.io/sync-requested": "t"}}}
    assert merge(editor, sync).status == OK
    assert put(editor, plane, spec=written["spec"]).status == OK
    assert merge(editor, {"spec": {}}).status == OK


def test_the_controller_writes_statuses_without_any_right_to_read(
    login: Login, written: dict[str, Any]
) -> None:
    del written
    status = {"status": {"revision": 3}}
    assert merge(login("keyfleet"), status, "/status").status == OK
    assert merge(login("keyfleet"), {"spec": {"paused": True}}).status == FORBIDDEN


def test_a_status_changes_no_spec_on_its_way(
    plane: ControlPlane, login: Login, written: dict[str, Any]
) -> None:
    """The policies do not look at the subresource, and need not: it takes no spec along."""
    change = {"status": {"revision": 4}, "spec": {"placement": ELSEWHERE}}
    assert merge(login("keyfleet"), change, "/status").status == OK
    assert plane.api.must("GET", path_of("written"))["spec"] == written["spec"]


def test_an_object_that_was_refused_is_not_stored(plane: ControlPlane, login: Login) -> None:
    assert create(login("alice"), document(THEIRS, "stolen"), "").status == FORBIDDEN
    assert plane.api.call("GET", path_of("stolen")).status == 404


# FleetClusters: whoever registers one logs in with what they may read.


def cluster(reference: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    kubeconfig = {} if reference is None else {"kubeconfigRef": reference}
    return {
        "apiVersion": FLEETCLUSTERS.api_version,
        "kind": "FleetCluster",
        "metadata": {"name": "registered"},
        "spec": {**kubeconfig, **spec},
    }


def register(who: User, body: dict[str, Any]) -> Answer:
    return who.call("POST", f"{FLEETCLUSTERS.path()}?dryRun=All", body)


KUBECONFIGS: list[tuple[str, dict[str, Any], int]] = [
    ("registrar", {"namespace": A, "name": "own"}, CREATED),
    ("registrar", {"namespace": A, "name": "absent"}, CREATED),
    ("registrar", {"namespace": B, "name": "own"}, FORBIDDEN),
    ("registrar", {"namespace": B, "name": "absent"}, FORBIDDEN),
    ("registrar", {"namespace": "kube-system", "name": "own", "key": "k"}, FORBIDDEN),
    ("root", {"namespace": B, "name": "own"}, CREATED),
]


@pytest.mark.parametrize(("who", "reference", "status"), KUBECONFIGS)
def test_a_kubeconfig_is_named_by_who_may_get_it(
    login: Login, who: str, reference: dict[str, Any], status: int
) -> None:
    answer = register(login(who), cluster(reference))
    assert answer.status == status
    if status == FORBIDDEN:
        told = str(answer.json()["message"])
        place = f"{reference['namespace']}/{reference['name']}"
        assert f"{who} may not get Secret {place} on the hub" in told
        assert "name another Secret, or be granted `get` on this one" in told


def test_a_cluster_without_a_kubeconfig_needs_no_right_to_read(login: Login) -> None:
    assert register(login("registrar"), cluster(context="east")).status == CREATED


def test_a_cluster_is_not_turned_to_a_strangers_kubeconfig_later(
    plane: ControlPlane, login: Login
) -> None:
    path = FLEETCLUSTERS.path(name="registered")
    plane.api.must("POST", FLEETCLUSTERS.path(), cluster({"namespace": B, "name": "own"}))
    try:
        who = login("registrar")
        labels = {"metadata": {"labels": {"a": "b"}}}
        assert who.call("PATCH", path, labels, MERGE).status == OK
        other = {"spec": {"kubeconfigRef": {"name": "shared"}}}
        assert who.call("PATCH", path, other, MERGE).status == FORBIDDEN
        own = {"spec": {"kubeconfigRef": {"namespace": A}}}
        assert who.call("PATCH", path, own, MERGE).status == OK
    finally:
        plane.api.must("DELETE", path)


def test_tenants_write_no_policies_and_no_clusters(login: Login) -> None:
    """FleetPolicy and FleetCluster are the administrators': plain RBAC keeps tenants out."""
    for resource in (FLEETPOLICIES, FLEETCLUSTERS):
        body = {
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            "metadata": {"name": "mine"},
            "spec": {},
        }
        for who in ("alice", "robot"):
            assert login(who).call("POST", resource.path(), body).status == FORBIDDEN


# The annotation form needs no policy: the API server shows a Secret to whoever annotates it.


@pytest.mark.reveals_canary("the answer to a patch holds the values, and that is the point")
def test_whoever_annotates_a_secret_sees_its_values(login: Login) -> None:
    annotations = {"keyfleet.io/enabled": "true", "keyfleet.io/targets": "east"}
    change = {"metadata": {"annotations": annotations}}
    path = SECRETS.path(namespace=A, name="own")
    patcher = login("patcher")
    assert patcher.call("GET", path).status == FORBIDDEN
    answer = patcher.call("PATCH", path + "?dryRun=All", change, MERGE)
    assert answer.status == OK
    assert answer.json()["data"]["k"]
    theirs = SECRETS.path(namespace=B, name="own")
    for who in ("alice", "patcher", "editor"):
        assert login(who).call("PATCH", theirs, change, MERGE).status == FORBIDDEN


async def test_a_server_without_these_policies_becomes_no_hub(plane: ControlPlane) -> None:
    """Nothing is installed that would then serve without them: they come before the kinds."""
    async with FaultProxy(plane) as proxy:
        kinds = ("validatingadmissionpolicies", "validatingadmissionpolicybindings")
        for kind in kinds:
            proxy.inject(faults.error(404, "", when=faults.on(kind)))
        login = StaticToken(SecretValue(plane.tokens["admin"].encode()))
        address = proxy.kubeconfig()["clusters"][0]["cluster"]
        bundle = b64decode(address["certificate-authority-data"])
        access = Access(Endpoint(address["server"], bundle), login)
        client = Client("old", access, clock=SystemClock())
        try:
            with pytest.raises(UnsupportedError) as caught:
                await install_hub(client, SystemClock(), "keyfleet.io")
        finally:
            await client.close()
        assert caught.value.code == "cli.hub_too_old"
        assert "1.30" in caught.value.hint
        assert {seen.resource for seen in proxy.writes()} <= {"namespaces", *kinds}
