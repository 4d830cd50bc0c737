# SPDX-License-Identifier: Apache-2.0
"""`keyfleet lint` as a hook of Git: a value in clear does not get into the history."""

from tests.e2e.gitops.conftest import STAGING
from tests.e2e.gitops.person import Person, plaintext

HOOK = """\
#!/bin/sh
exec keyfleet lint clusters
"""


def hooked(person: Person) -> None:
    """Install the hook that the guide prints."""
    path = person.repository.clone / ".git" / "hooks" / "pre-commit"
    path.write_text(HOOK)
    path.chmod(0o755)


def test_a_secret_in_clear_is_not_committed(person: Person) -> None:
    """The commit fails and says where; what is sealed gets through."""
    hooked(person)
    repository = person.repository
    slip = person.file(STAGING, "slip")
    slip.write_text(plaintext(person.module, "slip", {"password": "slip"}))
    repository.git("add", "--all")
    refused = repository.try_git("commit", "--message", "Slip")
    assert refused.returncode != 0
    assert slip.name in refused.stdout + refused.stderr
    assert "kf-canary" not in refused.stdout + refused.stderr
    assert "Slip" not in repository.git("log", "--format=%s")
