# SPDX-License-Identifier: Apache-2.0
"""`keyfleet lint` as a hook of Git: a value in clear does not get into the history."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.e2e.gitops.person import Person, plaintext
from tests.e2e.gitops.repository import Repository
from tests.e2e.harness import Program, isolated

from keyfleet.base.sealing import make_key

HOOK = "#!/bin/sh\nexec keyfleet lint clusters\n"
CLUSTER, MODULE = "east", "monitoring"


@pytest.fixture
def person(tmp_path: Path) -> Person:
    """Somebody without any cluster, with the hook that the guide prints."""
    program = Program(isolated(tmp_path), tmp_path)
    repository = Repository.create(tmp_path, program.environ)
    repository.add_module(CLUSTER, MODULE)
    repository.push("Install monitoring")
    path = repository.clone / ".git" / "hooks" / "pre-commit"
    path.write_text(HOOK)
    path.chmod(0o755)
    pem = tmp_path / "certs" / f"{CLUSTER}.pem"
    pem.parent.mkdir()
    pem.write_bytes(make_key(datetime.now(UTC), bits=2048).certificate)
    return Person(program, repository, MODULE)


def test_a_secret_in_clear_is_not_committed_and_a_sealed_one_is(person: Person) -> None:
    """The commit fails and says where, without the value; sealed instead, it gets through."""
    slip = person.file(CLUSTER, "smtp")
    slip.write_text(plaintext(MODULE, "smtp", {"password": "smtp"}))
    person.repository.git("add", "--all")
    refused = person.repository.try_git("commit", "--message", "Slip")
    told = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert slip.name in told
    assert "kf-canary" not in told
    assert "Slip" not in person.repository.git("log", "--format=%s")
    person.seals("smtp", {"password": "smtp"}, "--cert-dir", "certs", "--force")
    changed = person.repository.push("Let monitoring send mail").split()
    assert sorted(changed) == [
        f"clusters/{CLUSTER}/{MODULE}/{name}" for name in ("kustomization.yml", "smtp.yml")
    ]
