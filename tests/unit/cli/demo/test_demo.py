"""The demo's own words."""

import shutil
import sys
from pathlib import Path

import pytest

from keyfleet.base.keyring import ephemeral_keyring
from keyfleet.base.secret import SecretValue
from keyfleet.cli.demo import closing, documents, narrator, props
from keyfleet.cli.demo.narrator import Narrator, program
from keyfleet.cli.demo.stage import NAMES, Stage
from keyfleet.cli.terminal import Look
from keyfleet.inventory.kubeconfig.names import cluster_name
from keyfleet.model.ownership import Installation
from keyfleet.model.v1alpha1 import FleetPolicySpec, FleetSecretSpec, parse_spec
from keyfleet.testing.canary import canary
from keyfleet.testing.clock import FakeClock

INSTALLATION = Installation("uid", ephemeral_keyring())


@pytest.fixture
def teller() -> Narrator:
    return Narrator(Look(is_ascii=True), FakeClock())


async def test_scenes_are_numbered_and_pure_ascii(
    teller: Narrator, capsys: pytest.CaptureFixture[str]
) -> None:
    await teller.scene("One")
    teller.happened("east", "a → b", 0.0123)
    await teller.scene("Two")
    assert capsys.readouterr().out == "\n1. One\n   ok east   a -> b  after 12 ms\n\n2. Two\n"


def test_fingerprints_stand_for_values() -> None:
    data = {"b": SecretValue(canary("b")), "a": SecretValue(canary("a"))}
    text = props.digests(data, INSTALLATION)
    assert text.startswith("a ")
    assert len(text) == len("a 12345678, b 12345678")


def test_the_declaration_is_valid_and_names_the_members() -> None:
    spec = parse_spec(FleetSecretSpec, documents.fleet_secret("db", ("east", "west")))
    assert spec.placement.clusters.names == ("east", "west")


def test_the_policies_are_valid() -> None:
    flows = parse_spec(FleetPolicySpec, documents.flow_policy("hub")).flows
    assert [rule.action for rule in flows] == ["Deny"]
    assert parse_spec(FleetPolicySpec, documents.grant_policy()).namespaces


def test_cluster_names_are_their_contexts() -> None:
    assert [cluster_name(name) for name in NAMES] == list(NAMES)


@pytest.mark.parametrize("has_kubectl", [True, False])
def test_next_commands_end_with_stop(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, has_kubectl: bool
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: name if has_kubectl else None)
    found = closing.next_commands(Stage(tmp_path / "a b", {}, INSTALLATION, ("hub", "east")))
    assert found[0] == f"export KUBECONFIG='{tmp_path}/a b'"
    assert any(line.startswith("kubectl") for line in found) is has_kubectl
    assert found[-1].endswith(" demo --stop")


def test_the_program_is_called_as_the_shell_finds_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = tmp_path / "bin" / "keyfleet"
    own.parent.mkdir()
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(own)])
    monkeypatch.setenv("PATH", str(own.parent))
    assert shutil.which("keyfleet") == str(own)
    assert program() == "keyfleet"
    monkeypatch.setenv("PATH", "")
    monkeypatch.chdir(tmp_path)
    assert program() == "bin/keyfleet"
    monkeypatch.chdir("/usr")
    assert program() == str(own)
    assert narrator.PAUSE_S > 0
