"""Which clusters a command knows, and which contexts it trusts."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import DeniedError, NotFoundError
from keyfleet.base.secret import SecretValue
from keyfleet.cli import members
from keyfleet.cli.hub import Hub
from keyfleet.cli.members import open_members
from keyfleet.engine.identity import Identity
from keyfleet.inventory.kubeconfig.trust import FILE, Pin, TrustStore
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.client import Client
from keyfleet.kube.kubeconfig import load
from keyfleet.kube.reading import Listing
from keyfleet.model.places import ClusterUid

CONTEXTS = {"east": "east", "Admin@East": "east", "west": "west", "hub": "hub"}
"""Context -> cluster entry."""


class _Client(Client):
    """A hub that answers with these FleetClusters."""

    def __init__(self, answer: list[dict[str, Any]] | Exception) -> None:
        access = Access(Endpoint("https://127.0.0.1:1"), StaticToken(SecretValue(b"t")))
        super().__init__("hub", access, clock=SystemClock())
        self._answer = answer

    async def list(self, *_: Any, **__: Any) -> Listing:
        if isinstance(self._answer, Exception):
            raise self._answer
        return Listing(self._answer)

    async def find_secret(self, *_: Any) -> None:
        return None


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrustStore:
    """The record of trusted contexts, and an identity for the hub."""

    async def identity(*_: Any) -> Identity:
        return Identity(ClusterUid("uid-hub"))

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(members, "read_identity", identity)
    return TrustStore(tmp_path / "keyfleet" / FILE)


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    path = tmp_path / "config"
    document = {
        "clusters": [
            {"name": name, "cluster": {"server": f"https://{name}"}}
            for name in sorted(set(CONTEXTS.values()))
        ],
        "users": [{"name": "me", "user": {"token": "t"}}],
        "contexts": [
            {"name": name, "context": {"cluster": cluster, "user": "me"}}
            for name, cluster in CONTEXTS.items()
        ],
        "current-context": "hub",
    }
    path.write_bytes(msgspec.json.encode(document))
    return path


def _hub(kubeconfig: Path, answer: list[dict[str, Any]] | Exception) -> Hub:
    config = load([kubeconfig], {})
    surroundings = Surroundings()
    access = config.access("hub", surroundings)
    return Hub(_Client(answer), access, config, surroundings, SystemClock())


def _cluster(name: str, context: str, **status: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"context": context}, "status": status}


async def _names(hub: Hub, *extra: dict[str, Any]) -> dict[str, set[str]]:
    async with open_members(hub, extra) as found:
        return {each.name: set(each.aliases) for each in found.live}


async def test_without_a_hub_the_contexts_are_the_fleet(
    state: TrustStore, kubeconfig: Path
) -> None:
    """Two contexts of one cluster entry are one cluster with two names."""
    found = await _names(_hub(kubeconfig, NotFoundError("api.not_found", "absent")))
    (east,) = (name for name in found if name.startswith("admin-east"))
    assert found == {east: {"east", "Admin@East"}, "hub": {"hub"}, "west": {"west"}}


async def test_a_fleetcluster_stands_for_its_context(state: TrustStore, kubeconfig: Path) -> None:
    found = await _names(_hub(kubeconfig, [_cluster("production", "east")]))
    assert found == {"production": {"east"}, "hub": {"hub"}, "west": {"west"}}


async def test_a_fleetcluster_of_a_file_comes_first(state: TrustStore, kubeconfig: Path) -> None:
    hub = _hub(kubeconfig, [_cluster("a", "east", identity={"uid": "uid-1"})])
    async with open_members(hub, [_cluster("a", "west")]) as found:
        snapshot = found.live.named("a")
    assert snapshot is not None
    assert (set(snapshot.aliases), snapshot.pinned_uid) == ({"west"}, "uid-1")


async def test_under_flow_rules_a_file_gives_no_known_cluster_other_labels(
    state: TrustStore, kubeconfig: Path
) -> None:
    known = _cluster("staging", "east", identity={"uid": "uid-1"})
    known["metadata"]["labels"] = {"env": "staging"}
    again = _cluster("a", "Admin@East")
    again["metadata"]["labels"] = {"env": "production"}
    for is_guarded, labels in ((True, {"env": "staging"}), (False, {"env": "production"})):
        hub = _hub(kubeconfig, [known])
        async with open_members(hub, [again], is_guarded=is_guarded) as found:
            snapshot = found.live.named("a")
            assert snapshot is not None
            facts = found.live._facts_as(snapshot, ClusterUid("uid-1"))
        assert facts.labels == labels


async def test_where_fleetclusters_may_not_be_listed_contexts_serve(
    state: TrustStore, kubeconfig: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = await _names(_hub(kubeconfig, DeniedError("api.forbidden", "forbidden")))
    assert {"hub", "west"} < set(found)
    assert "Warning" in capsys.readouterr().err


async def test_a_trusted_context_is_pinned(state: TrustStore, kubeconfig: Path) -> None:
    hub = _hub(kubeconfig, NotFoundError("api.not_found", "absent"))
    state.pin(hub.kubeconfig.contexts["west"], Pin("uid-west", "ca"))
    async with open_members(hub) as found:
        snapshot = found.live.named("west")
    assert snapshot is not None
    assert (snapshot.pinned_uid, snapshot.pinned_ca_sha256) == ("uid-west", "ca")


def _labelled(name: str, context: str | None, **labels: str) -> dict[str, Any]:
    spec = {"context": context} if context else {"inCluster": True}
    return {"metadata": {"name": name, "labels": labels}, "spec": spec}


@pytest.mark.parametrize(
    ("in_file", "found"),
    [
        (_labelled("east", "east", env="production"), ""),
        (_labelled("east", "elsewhere", env="staging"), "east"),
        (_labelled("mine", "east", env="staging"), "mine"),
        (_labelled("mine", "east"), "mine"),
        (_labelled("mine", "west", env="staging"), ""),
        (_labelled("mine", None, env="staging"), ""),
    ],
)
def test_a_file_that_labels_a_cluster_of_the_hub_otherwise_is_found(
    in_file: dict[str, Any], found: str
) -> None:
    known = [_labelled("east", "east", env="production"), _labelled("here", None)]
    documents = {each["metadata"]["name"]: each for each in known}
    assert members.relabelled([in_file], documents) == found
