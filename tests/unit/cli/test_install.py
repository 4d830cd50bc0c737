"""What `install` prints."""

from collections.abc import Callable

import pytest

from keyfleet.base.codec import decode_yaml
from keyfleet.cli.install import install_answer
from keyfleet.cli.installing import Applied, Change
from keyfleet.kube.resources import CRDS, SECRETS
from keyfleet.manifests.everything import everything

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
