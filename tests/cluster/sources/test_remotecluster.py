# SPDX-License-Identifier: Apache-2.0
"""Stores of provider `kubernetes`: a namespace of another control plane, with real RBAC.

The stores are declared on `hub`, or on `east` itself where they mean their own cluster.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from keyfleet.base import codec
from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import (
    DeniedError,
    InvalidIntentError,
    KeyfleetError,
    NotFoundError,
    NotReadyError,
    PermanentError,
    SecretNotFoundError,
    ThrottledError,
    UnreachableError,
)
from keyfleet.base.secret import SecretValue
from keyfleet.engine.stores.references import ClusterReferences
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.client import Client
from keyfleet.kube.kubeconfig import Trust, parse
from keyfleet.localplane import ControlPlane, FaultProxy, faults, kubeconfigs
from keyfleet.model.places import ClusterName
from keyfleet.model.stores import CLUSTER_SECRET_STORE, SECRET_STORE, How, Query, Search, Store
from keyfleet.model.stores import StoreRef as Ref
from keyfleet.plugin.stores import ProviderMeans
from keyfleet.sources.remotecluster import PROVIDER
from keyfleet.sources.remotecluster.session import KubernetesSession
from keyfleet.testing.canary import canary, find_canary

PASSWORD = canary("remote")
BINARY = b"\x00\xff" + canary("binary")
DATA = {"password": PASSWORD, "binary": BINARY, "doc": b'{"user":{"name":"<Tom>"},"n":[ 1 ]}'}
READER = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]
ONLY_DB = [{**READER[0], "resourceNames": ["db", "absent"]}]
LISTER = [{**READER[0], "verbs": ["get", "list"]}]
Rules = list[dict[str, Any]]


def b64(data: dict[str, bytes]) -> dict[str, str]:
    return {name: base64.b64encode(value).decode() for name, value in data.items()}


def put_secret(
    plane: ControlPlane, namespace: str, name: str, data: dict[str, bytes], **metadata: Any
) -> None:
    body = {"metadata": {"name": name, **metadata}, "data": b64(data)}
    plane.api.must("POST", f"/api/v1/namespaces/{namespace}/secrets", body)


def allow(plane: ControlPlane, namespace: str, subject: dict[str, str], rules: Rules) -> None:
    base = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    name = subject["name"].replace(":", "-")
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    metadata = {"metadata": {"name": name}}
    plane.api.must("POST", f"{base}/roles", {**metadata, "rules": rules})
    binding = {**metadata, "roleRef": role, "subjects": [subject]}
    plane.api.must("POST", f"{base}/rolebindings", binding)


@dataclass
class World:
    """A store's cluster, the cluster that it reads, and everything that was opened."""

    hub: ControlPlane
    east: ControlPlane
    namespace: str
    calls: list[tuple[str, str, bool]] = field(default_factory=list)
    sessions: list[KubernetesSession] = field(default_factory=list)
    clients: dict[str, Client] = field(default_factory=dict)

    def client(self, plane: ControlPlane) -> Client:
        if plane.name not in self.clients:
            document = codec.encode_json(plane.kubeconfig())
            config = parse(document, origin="test", trust=Trust.OPERATOR)
            access = config.current_access(Surroundings())
            self.clients[plane.name] = Client(plane.name, access, clock=SystemClock())
        return self.clients[plane.name]

    def means(self) -> ProviderMeans:
        def called(provider: str, call: str, succeeded: bool) -> None:
            self.calls.append((provider, call, succeeded))

        return ProviderMeans(SystemClock(), lambda count: b"\0" * count, called)

    def token_of(self, account: str, rules: Rules | None = None) -> str:
        """Return a token of an account of the remote cluster, with these rights there."""
        if rules is not None:
            subject = {"kind": "ServiceAccount", "name": account, "namespace": self.namespace}
            allow(self.east, self.namespace, subject, rules)
        return self.east.service_account_token(self.namespace, account)

    def keep(self, name: str, **data: bytes) -> dict[str, str]:
        """Put a login beside the store; return a selector without its key."""
        put_secret(self.hub, self.namespace, name, data)
        return {"name": name}

    def server(self, url: str = "") -> dict[str, str]:
        ca = base64.b64encode(self.east.ca_pem).decode()
        return {"url": url or self.east.url, "caBundle": ca}

    def with_token(self, token: str, url: str = "", **config: Any) -> dict[str, Any]:
        selector = {
            **self.keep(f"login-{len(self.sessions)}", token=token.encode()),
            "key": "token",
        }
        auth = {"token": {"bearerToken": selector}}
        return {"auth": auth, "server": self.server(url), **config}

    def store(self, *, cluster: str = "", kind: str = SECRET_STORE, **config: Any) -> Store:
        namespace = self.namespace if kind == SECRET_STORE else ""
        config = {"remoteNamespace": self.namespace, **config}
        ref = Ref(kind, "remote", namespace, ClusterName(cluster))
        return Store(ref, "kubernetes", config, self.namespace)

    async def open(self, store: Store) -> KubernetesSession:
        plane = self.east if store.ref.cluster else self.hub
        references = ClusterReferences(store, lambda: self.client(plane))
        session = await PROVIDER.open(store, references, self.means())
        self.sessions.append(session)
        return session


@pytest.fixture
async def world(hub: ControlPlane, east: ControlPlane, namespace: str) -> AsyncIterator[World]:
    made = World(hub, east, namespace)
    put_secret(east, namespace, "db", DATA, labels={"team": "pay"})
    put_secret(east, namespace, "other", {"k": canary("other")})
    yield made
    for session in made.sessions:
        await session.close()
    for client in made.clients.values():
        await client.close()


async def ask(session: KubernetesSession, query: Query) -> Any:
    answer = session.answer(query, await session.fetch(session.request(query)))
    if isinstance(answer, SecretValue):
        return answer.reveal()
    return {name: value.reveal() for name, value in answer.items()}


async def refusal(doing: Awaitable[Any]) -> KeyfleetError:
    """Return the error of something, which holds no value wherever one looks."""
    with pytest.raises(KeyfleetError) as caught:
        await doing
    error: BaseException | None = caught.value
    shown = caught.value.diagnostics()
    while error is not None:
        shown += f"{error!r} {error} {error.args}"
        error = error.__cause__ or error.__context__
    assert not find_canary(shown)
    return caught.value


# Logging in.


async def _token(world: World) -> Store:
    return world.store(**world.with_token(world.token_of("reader", ONLY_DB)))


async def _certificate(world: World) -> Store:
    user = f"reader-{world.namespace}"
    allow(world.east, world.namespace, {"kind": "User", "name": user}, ONLY_DB)
    pair = world.east.authority.client(user)
    login = world.keep("login", crt=pair.certificate_pem, key=pair.key_pem)
    cert = {"clientCert": {**login, "key": "crt"}, "clientKey": {**login, "key": "key"}}
    return world.store(auth={"cert": cert}, server=world.server())


async def _own_account(world: World) -> Store:
    """The store stands in the very cluster that it reads, and names no server."""
    world.token_of("reader", ONLY_DB)
    return world.store(**_own_account_config())


def _own_account_config() -> dict[str, Any]:
    return {"cluster": "east", "auth": {"serviceAccount": {"name": "reader"}}}


async def _kubeconfig(world: World) -> Store:
    login = kubeconfigs.token_user(world.token_of("reader", ONLY_DB))
    config = kubeconfigs.single(
        "remote", world.east.url, world.east.ca_pem, user="reader", login=login
    )
    return world.store(authRef={**world.keep("login", k=codec.encode_json(config)), "key": "k"})


WAYS: dict[str, Callable[[World], Awaitable[Store]]] = {
    "token": _token,
    "certificate": _certificate,
    "own account": _own_account,
    "kubeconfig": _kubeconfig,
}


@pytest.mark.parametrize("way", WAYS)
async def test_reads_with_the_rights_of_its_login_and_no_others(world: World, way: str) -> None:
    """The role names two Secrets, so that nothing but these can be read."""
    session = await world.open(await WAYS[way](world))
    assert session.principal
    assert not session.doubt
    assert session.endpoint == f"{world.east.url} namespace {world.namespace}"
    assert await ask(session, Query(How.VALUE, "db", "password")) == PASSWORD
    error = await refusal(ask(session, Query(How.VALUE, "other")))
    assert (type(error), error.code) == (DeniedError, "store.denied")
    search = Query(How.SEARCH, search=Search("."))
    assert (await refusal(ask(session, search))).code == "store.denied"


async def test_names_the_cluster_where_it_may_be_seen(world: World) -> None:
    admin = world.store(**world.with_token(world.east.tokens["admin"]))
    uid = world.east.api.must("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"]
    assert (await world.open(admin)).endpoint.endswith(f" cluster {uid}")


async def test_is_one_principal_for_all_logins_of_one_user_by_one_authority(world: World) -> None:
    first = await world.open(world.store(**world.with_token(world.token_of("reader", READER))))
    again = await world.open(world.store(**world.with_token(world.token_of("reader"))))
    other = await world.open(world.store(**world.with_token(world.token_of("other", READER))))
    assert first.principal == again.principal != other.principal
    assert first.endpoint == again.endpoint
    more = world.east.ca_pem + world.hub.ca_pem
    config = world.with_token(world.token_of("reader"))
    config["server"]["caBundle"] = base64.b64encode(more).decode()
    assert (await world.open(world.store(**config))).principal not in {"", first.principal}


async def test_takes_a_cluster_stores_account_from_where_it_is_asked(world: World) -> None:
    world.token_of("reader", READER)
    auth = {"serviceAccount": {"name": "reader"}}
    store = world.store(cluster="east", kind=CLUSTER_SECRET_STORE, auth=auth)
    assert await ask(await world.open(store), Query(How.VALUE, "db", "password")) == PASSWORD
    nobody = Store(store.ref, store.provider, store.config)
    error = await refusal(world.open(nobody))
    assert (type(error), error.code) == (NotReadyError, "store.referent_unknown")


async def test_refuses_a_login_without_any_right_to_secrets(world: World) -> None:
    error = await refusal(world.open(world.store(**world.with_token(world.token_of("nobody")))))
    assert (type(error), error.code) == (DeniedError, "store.login_refused")
    assert world.namespace in error.hint


async def test_refuses_a_token_that_the_server_does_not_know(world: World) -> None:
    error = await refusal(world.open(world.store(**world.with_token(canary("token").decode()))))
    assert (type(error), error.code) == (DeniedError, "store.login_refused")


async def test_says_denied_when_a_login_ends_in_between(
    world: World, fault_proxy: Callable[[ControlPlane], Awaitable[FaultProxy]]
) -> None:
    """Then a new login is tried, which reads again."""
    proxy = await fault_proxy(world.east)
    store = world.store(**world.with_token(world.token_of("reader", READER), proxy.url))
    session = await world.open(store)
    fault = proxy.inject(faults.unauthorized())
    error = await refusal(ask(session, Query(How.VALUE, "db")))
    assert (type(error), error.code) == (DeniedError, "store.denied")
    await proxy.heal(fault)
    assert await ask(await world.open(store), Query(How.VALUE, "db", "password")) == PASSWORD


async def test_loses_its_rights_with_its_account(world: World) -> None:
    """The server itself says so, within the seconds for which it remembers a token."""
    session = await world.open(await _own_account(world))
    base = f"/api/v1/namespaces/{world.namespace}/serviceaccounts"
    world.east.api.must("DELETE", f"{base}/reader")
    error = await refusal(_read_on(session))
    assert (type(error), error.code) == (DeniedError, "store.denied")
    error = await refusal(world.open(world.store(**_own_account_config())))
    assert (type(error), error.code) == (NotReadyError, "store.reference_missing")


async def _read_on(session: KubernetesSession) -> None:
    while True:
        assert await ask(session, Query(How.VALUE, "db", "password")) == PASSWORD
        await asyncio.sleep(0.2)


@pytest.mark.parametrize("token", [b"", b"a b", b"a\r\nX: b", "ä".encode()])
async def test_refuses_what_is_no_token(world: World, token: bytes) -> None:
    selector = {**world.keep("login", token=canary("t") + b" " + token), "key": "token"}
    auth = {"token": {"bearerToken": selector}}
    error = await refusal(world.open(world.store(auth=auth, server=world.server())))
    if token:
        assert (type(error), error.code) == (InvalidIntentError, "store.invalid")
    else:
        assert error.code == "store.login_refused"


async def test_refuses_a_key_of_another_certificate(world: World) -> None:
    one, other = (world.east.authority.client(name) for name in ("one", "other"))
    login = world.keep("login", crt=one.certificate_pem, key=other.key_pem)
    cert = {"clientCert": {**login, "key": "crt"}, "clientKey": {**login, "key": "key"}}
    error = await refusal(world.open(world.store(auth={"cert": cert}, server=world.server())))
    assert (type(error), error.code) == (InvalidIntentError, "store.invalid")


async def test_does_not_talk_to_a_server_of_another_authority(world: World) -> None:
    """Neither with the wrong CA nor with the system's, and no token is sent there."""
    config = world.with_token(world.token_of("reader", READER))
    wrong = {"url": world.east.url, "caBundle": base64.b64encode(world.hub.ca_pem).decode()}
    for server in (wrong, {"url": world.east.url}):
        error = await refusal(world.open(world.store(**{**config, "server": server})))
        assert (type(error), error.code) == (UnreachableError, "store.tls")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:6443",
        "https://169.254.169.254",
        "https://user:kf-canary-pw@127.0.0.1",
        "https://[fe80::1]:6443",
        "ftp://127.0.0.1",
        "https://",
        "https://a b",
    ],
)
async def test_refuses_servers_that_nobody_may_name(world: World, url: str) -> None:
    config = world.with_token("token")
    config["server"]["url"] = url
    error = await refusal(world.open(world.store(**config)))
    assert (type(error), error.code) == (InvalidIntentError, "store.invalid")


def _unsafe(world: World) -> dict[str, dict[str, Any]]:
    """Return kubeconfigs that would run code, read files of this machine, or trust anybody."""
    login: dict[str, Any] = kubeconfigs.token_user(canary("token").decode())
    good = kubeconfigs.single("c", world.east.url, world.east.ca_pem, user="u", login=login)
    plugin = {"command": "/bin/true", "apiVersion": "client.authentication.k8s.io/v1"}
    users = {
        "exec": {"exec": plugin},
        "tokenFile": {"tokenFile": "/etc/hostname"},
        "client-key": {"client-certificate-data": "eA==", "client-key": "/etc/hostname"},
        "as": {**login, "as": "system:admin"},
    }
    clusters = {
        "insecure": {"server": world.east.url, "insecure-skip-tls-verify": True},
        "ca file": {"server": world.east.url, "certificate-authority": "/etc/hostname"},
        "http": {"server": "http://127.0.0.1"},
    }
    return {
        **{
            name: {**good, "users": [{"name": "c-u", "user": user}]} for name, user in users.items()
        },
        **{
            name: {**good, "clusters": [{"name": "c", "cluster": cluster}]}
            for name, cluster in clusters.items()
        },
        "nothing": {},
    }


async def test_takes_no_unsafe_kubeconfig(world: World) -> None:
    hints = {}
    for index, (name, config) in enumerate(_unsafe(world).items()):
        login = {**world.keep(f"login-{index}", k=codec.encode_json(config)), "key": "k"}
        error = await refusal(world.open(world.store(authRef=login)))
        assert (type(error), error.code) == (InvalidIntentError, "store.invalid")
        hints[name] = error.hint
    assert "current context" in hints.pop("nothing")
    assert all("must not run code, read files" in hint for hint in hints.values()), hints
    broken = {**world.keep("broken", k=canary("k") + b": [\n"), "key": "k"}
    assert (await refusal(world.open(world.store(authRef=broken)))).code == "store.invalid"


async def test_waits_for_the_login_that_it_names(world: World) -> None:
    auth = {"token": {"bearerToken": {"name": "absent", "key": "token"}}}
    error = await refusal(world.open(world.store(auth=auth, server=world.server())))
    assert (type(error), error.code) == (NotReadyError, "store.reference_missing")


# Reading.


@pytest.fixture
async def session(world: World) -> KubernetesSession:
    return await world.open(world.store(**world.with_token(world.token_of("reader", LISTER))))


async def test_gives_json_byte_for_byte(session: KubernetesSession) -> None:
    replaced = rb"\u0000\ufffd" + canary("binary")
    assert await ask(session, Query(How.VALUE, "db")) == (
        b'{"binary":"' + replaced + rb'","doc":"{\"user\":{\"name\":\"<Tom>\"},\"n\":[ 1 ]}"'
        b',"password":"' + PASSWORD + b'"}'
    )
    assert await ask(session, Query(How.VALUE, "db", "binary")) == BINARY
    assert await ask(session, Query(How.VALUE, "db", "doc.user")) == b'{"name":"<Tom>"}'
    assert await ask(session, Query(How.VALUE, "db", "doc.user.name", version="9")) == b"<Tom>"


async def test_extracts_data_and_members(session: KubernetesSession) -> None:
    assert await ask(session, Query(How.MAP, "db")) == DATA
    assert await ask(session, Query(How.MAP, "db", "doc")) == {
        "user": b'{"name":"<Tom>"}',
        "n": b"[1]",
    }
    error = await refusal(ask(session, Query(How.MAP, "db", "password")))
    assert error.code == "store.not_an_object"


async def test_gives_metadata_with_every_annotation_as_a_secret(world: World) -> None:
    """What kubectl leaves behind is a copy of the values; upstream gives it, so it is wrapped."""
    last = f'{{"data":"{PASSWORD.decode()}"}}'
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": last, "note": "<n>"}
    put_secret(world.east, world.namespace, "marked", {}, annotations=annotations)
    session = await world.open(world.store(**world.with_token(world.token_of("reader", READER))))
    whole = Query(How.VALUE, "marked", is_metadata=True)
    fetched = await session.fetch(session.request(whole))
    assert not find_canary(f"{fetched!r} {session!r} {session.answer(whole, fetched)!r}")
    decoded = codec.decode_json(await ask(session, whole), subject="")
    assert decoded == {"annotations": annotations, "labels": None}
    note = Query(How.VALUE, "marked", "annotations.note", is_metadata=True)
    assert await ask(session, note) == b"<n>"


async def test_finds_by_labels_or_by_names(world: World, session: KubernetesSession) -> None:
    put_secret(world.east, world.namespace, "db-2", {"k": b"v"}, labels={"team": "ops"})
    by_name = await ask(session, Query(How.SEARCH, search=Search("^db")))
    assert set(by_name) == {"db", "db-2"}
    assert by_name["db-2"] == b'{"k":"v"}'
    by_label = await ask(session, Query(How.SEARCH, search=Search("2", (("team", "pay"),))))
    assert set(by_label) == {"db"}
    assert await ask(session, Query(How.SEARCH, search=Search("^none$"))) == {}


async def test_finds_no_more_than_it_keeps(
    world: World, session: KubernetesSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keyfleet.sources.remotecluster.session.FOUND_BYTES", 20)
    error = await refusal(ask(session, Query(How.SEARCH, search=Search("."))))
    assert (type(error), error.code) == (PermanentError, "store.search_too_large")


async def test_an_absent_secret_is_absent_where_all_of_it_is_asked_for(
    session: KubernetesSession,
) -> None:
    """Where one value is asked for it is an error like others, which deletes nothing."""
    error = await refusal(ask(session, Query(How.MAP, "absent")))
    assert (type(error), error.code) == (SecretNotFoundError, "store.secret_not_found")
    error = await refusal(ask(session, Query(How.VALUE, "absent")))
    assert (type(error), error.code) == (NotFoundError, "store.secret_absent")


async def test_an_absent_namespace_holds_nothing(world: World) -> None:
    config = world.with_token(world.east.tokens["admin"], remoteNamespace="nowhere")
    session = await world.open(world.store(**config))
    error = await refusal(ask(session, Query(How.MAP, "db")))
    assert error.code == "store.secret_not_found"


async def test_counts_calls_as_upstream_names_them(
    world: World, session: KubernetesSession
) -> None:
    await ask(session, Query(How.VALUE, "db"))
    await refusal(ask(session, Query(How.MAP, "absent")))
    await ask(session, Query(How.SEARCH, search=Search(".")))
    assert world.calls == [
        ("Kubernetes", "CreateSelfSubjectRulesReview", True),
        ("Kubernetes", "GetSecret", True),
        ("Kubernetes", "GetSecret", False),
        ("Kubernetes", "ListSecrets", True),
    ]


async def test_costs_three_requests_to_open_and_one_to_read(
    world: World, fault_proxy: Callable[[ControlPlane], Awaitable[FaultProxy]]
) -> None:
    proxy = await fault_proxy(world.east)
    token = world.token_of("reader", READER)
    session = await world.open(world.store(**world.with_token(token, proxy.url)))
    assert [seen.path.rpartition("/")[2] for seen in proxy.requests] == [
        "selfsubjectreviews",
        "selfsubjectrulesreviews",
        "kube-system",
    ]
    proxy.forget()
    queries = [Query(How.VALUE, "db", "password"), Query(How.MAP, "db"), Query(How.VALUE, "db")]
    (request,) = {session.request(query) for query in queries}
    fetched = await session.fetch(request)
    assert all(session.answer(query, fetched) for query in queries)
    assert [seen.path for seen in proxy.requests] == [
        f"/api/v1/namespaces/{world.namespace}/secrets/db"
    ]


# Faults of the server.


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        (faults.error(503), UnreachableError, "store.unavailable"),
        (faults.reset(), UnreachableError, "store.unreachable"),
        (faults.throttled(7), ThrottledError, "store.throttled"),
        (faults.forbidden(), DeniedError, "store.denied"),
        (faults.gone(when=faults.everything), UnreachableError, "store.unreachable"),
        (faults.error(409, "Odd"), PermanentError, "store.refused"),
        (faults.error(404, "Moved"), UnreachableError, "store.foreign_answer"),
    ],
    ids=lambda value: getattr(value, "name", getattr(value, "__name__", value)),
)
async def test_says_what_went_wrong_by_the_kind_of_error(
    world: World,
    fault_proxy: Callable[[ControlPlane], Awaitable[FaultProxy]],
    fault: faults.Fault,
    kind: type[KeyfleetError],
    code: str,
) -> None:
    proxy = await fault_proxy(world.east)
    token = world.token_of("reader", LISTER)
    session = await world.open(world.store(**world.with_token(token, proxy.url)))
    proxy.inject(fault)
    for query in (Query(How.VALUE, "db"), Query(How.MAP, "db")):
        error = await refusal(ask(session, query))
        assert (type(error), error.code) == (kind, code)
        if isinstance(error, ThrottledError):
            assert error.retry_after == timedelta(seconds=7)
    await proxy.heal()
    assert await ask(session, Query(How.VALUE, "db", "password")) == PASSWORD


async def test_a_server_that_is_away_is_no_refusal(
    world: World, fault_proxy: Callable[[ControlPlane], Awaitable[FaultProxy]]
) -> None:
    proxy = await fault_proxy(world.east)
    store = world.store(**world.with_token(world.token_of("reader", READER), proxy.url))
    for fault, code in ((None, "unreachable"), (faults.error(404, "Moved"), "foreign_answer")):
        if fault is None:
            await proxy.cut()
        else:
            proxy.inject(fault)
        error = await refusal(world.open(store))
        assert (type(error), error.code) == (UnreachableError, f"store.{code}")
        await proxy.heal()
    assert await ask(await world.open(store), Query(How.VALUE, "db", "password")) == PASSWORD


async def test_is_ready_with_a_doubt_where_nobody_may_ask(
    world: World, fault_proxy: Callable[[ControlPlane], Awaitable[FaultProxy]]
) -> None:
    """Nothing is shared then, since nobody said who we are."""
    proxy = await fault_proxy(world.east)

    def is_review(seen: Any) -> bool:
        return "reviews" in seen.path

    proxy.inject(faults.forbidden(when=is_review))
    token = world.token_of("reader", READER)
    session = await world.open(world.store(**world.with_token(token, proxy.url)))
    assert (session.principal, bool(session.doubt)) == ("", True)
    assert await ask(session, Query(How.VALUE, "db", "password")) == PASSWORD
