"""What `install` prints."""

from collections.abc import Callable

import pytest
from tests.unit.engine.fakecluster import FakeCluster

from keyfleet.base.codec import decode_yaml
from keyfleet.cli.install import install_answer
from keyfleet.cli.installing import Applied, Change
from keyfleet.cli.installingkinds import install_kinds
from keyfleet.kube.resources import CRDS, EXTERNALSECRETS, SECRETS
from keyfleet.manifests.eso import FOREIGN_KINDS
from keyfleet.manifests.everything import everything
from keyfleet.manifests.foreign import FOREIGN, Foreign

Cli = Callable[..., int]


def test_golden(golden_answer: Callable[..., None]) -> None:
    applied = [
        Applied(CRDS, "fleetsecrets.keyfleet.io", Change.CREATED),
        Applied(CRDS, "fleetclusters.keyfleet.io", Change.UPDATED),
        Applied(SECRETS, "keyfleet-fingerprint", Change.UNCHANGED, "keyfleet-system"),
    ]
    golden_answer("install", install_answer(applied))


def test_print_needs_no_cluster(cli: Cli, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli("install", "--print", "--annotation-domain", "sync.example.com") == 0
    documents = decode_yaml(capsys.readouterr().out.encode(), subject="")
    assert everything("sync.example.com") == [document.content for document in documents]


def printed(cli: Cli, capsys: pytest.CaptureFixture[str], *words: str) -> list[tuple[str, str]]:
    """Return kind and name of what `install --print` prints, in its order."""
    assert cli("install", "--print", *words) == 0
    documents = decode_yaml(capsys.readouterr().out.encode(), subject="")
    return [(one.content["kind"], one.content["metadata"]["name"]) for one in documents]


def test_print_has_the_controller_last(cli: Cli, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything that it needs comes before it, and so does what guards the kinds."""
    found = printed(cli, capsys, "--controller", "keyfleet:1")
    kinds = [kind for kind, _ in found]
    assert found[0] == ("Namespace", "keyfleet-system")
    assert found[-1] == ("Deployment", "keyfleet")
    assert kinds.index("ServiceAccount") < kinds.index("ClusterRoleBinding")
    assert kinds.index("ClusterRole") < kinds.index("ClusterRoleBinding")
    assert "keyfleet-member" not in {name for _, name in found}


def test_print_of_a_member_makes_no_hub(cli: Cli, capsys: pytest.CaptureFixture[str]) -> None:
    kinds = {kind for kind, _ in printed(cli, capsys, "--member")}
    assert "CustomResourceDefinition" not in kinds
    assert "Deployment" not in kinds
    assert "ClusterRoleBinding" in kinds


def test_namespaces_bind_secrets_there_only(cli: Cli, capsys: pytest.CaptureFixture[str]) -> None:
    found = printed(cli, capsys, "--member", "--namespaces", "a, b,a")
    assert found.count(("RoleBinding", "keyfleet-member-secrets")) == 2
    assert ("ClusterRoleBinding", "keyfleet-member-secrets") not in found


@pytest.mark.parametrize(
    "words",
    [
        ("--namespaces", "a"),
        ("--member", "--namespaces", "A b"),
        ("--member", "--annotation-domain", "sync.example.com"),
        ("--member", "--sealed-secrets-key-namespace", "A b"),
    ],
)
def test_flags_that_say_nothing_together_are_refused(
    cli: Cli, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert cli("install", "--print", *words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words[-2] in captured.err


@pytest.mark.parametrize("tool", FOREIGN, ids=lambda tool: str(tool.dialect))
def test_print_of_a_dialect_has_its_kinds_too(
    cli: Cli, capsys: pytest.CaptureFixture[str], tool: Foreign
) -> None:
    wanted = {("CustomResourceDefinition", kind.label) for kind in tool.kinds}
    others = {
        ("CustomResourceDefinition", kind.label)
        for other in FOREIGN
        for kind in other.kinds
        if other is not tool
    }
    for words in (("--dialect", tool.dialect), ("--dialect", tool.dialect, "--member")):
        found = set(printed(cli, capsys, *words))
        assert wanted <= found
        assert not others & found


@pytest.mark.parametrize(
    "words", [("--member",), ("--controller", "keyfleet:1"), ("--controller", "k:1", "--member")]
)
def test_sealing_keys_elsewhere_are_read_and_made_there_and_nowhere_else(
    cli: Cli, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    def printed_text(*more: str) -> str:
        assert cli("install", "--print", "--dialect", "sealed-secrets", *words, *more) == 0
        return capsys.readouterr().out

    usual, moved = printed_text(), printed_text("--sealed-secrets-key-namespace", "sealing")
    documents = [one.content for one in decode_yaml(moved.encode(), subject="")]
    there = {
        (one["kind"], one["metadata"]["name"].rpartition("-")[2])
        for one in documents
        if one["metadata"].get("namespace") == "sealing"
    }
    assert there == {("Role", "keys"), ("RoleBinding", "keys")}
    # In kube-system a member is still recognised, by the UID of that namespace; nothing else.
    left = {
        one["metadata"]["name"]
        for one in documents
        if "kube-system" in str(one) and one["kind"] != "CustomResourceDefinition"
    }
    assert left <= {"keyfleet-member"}
    flag = "--sealed-secrets-key-namespace=sealing"
    assert (flag in moved) is ("--controller" in words)
    assert flag.partition("=")[0] not in usual


async def test_kinds_are_installed_where_nobody_else_did() -> None:
    cluster = FakeCluster()
    cluster.put(CRDS, EXTERNALSECRETS.label, metadata={"labels": {"helm.sh/chart": "x"}})
    told: list[str] = []
    changes = {
        one.name: one.change for one in await install_kinds(cluster, ["eso"], tell=told.append)
    }
    assert changes.pop(EXTERNALSECRETS.label) is Change.KEPT
    assert set(changes.values()) == {Change.CREATED}
    assert len(changes) == len(FOREIGN_KINDS) - 1
    assert [EXTERNALSECRETS.label in text for text in told] == [True]
    labels = (await cluster.get(CRDS, EXTERNALSECRETS.label))["metadata"]["labels"]
    assert labels == {"helm.sh/chart": "x"}
    again = {one.change for one in await install_kinds(cluster, ["eso"], tell=told.append)}
    assert Change.KEPT in again
    assert Change.CREATED not in again


@pytest.mark.parametrize(("version", "is_told"), [("v1.29.4", False), ("v1.36.0", True)])
async def test_old_servers_are_not_told_of_fields_that_they_do_not_know(
    version: str, is_told: bool
) -> None:
    class Old(FakeCluster):
        async def version(self) -> str:
            return version

    cluster = Old()
    await install_kinds(cluster, ["eso"], tell=lambda _: None)
    crd = await cluster.get(CRDS, EXTERNALSECRETS.label)
    assert ("selectableFields" in crd["spec"]["versions"][0]) is is_told
