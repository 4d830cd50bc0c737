# SPDX-License-Identifier: Apache-2.0
from keyfleet.kube.auth.surroundings import Surroundings


def test_the_default_is_a_server() -> None:
    surroundings = Surroundings()
    assert (surroundings.environ, surroundings.show_stderr) == ({}, False)
    assert surroundings.stdin_refused


def test_does_not_show_the_environment() -> None:
    assert "kf-canary" not in repr(Surroundings({"AWS_SECRET_ACCESS_KEY": "kf-canary-key"}))
