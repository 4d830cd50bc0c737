# SPDX-License-Identifier: Apache-2.0
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from keyfleet.base import codec
from keyfleet.base.errors import InvalidInputError, UnreachableError
from keyfleet.kube.access import Endpoint
from keyfleet.kube.auth.exec_config import ExecConfig, cluster_info
from keyfleet.kube.auth.surroundings import UNATTENDED, Surroundings

V1 = "client.authentication.k8s.io/v1"
CONFIG = ExecConfig("login", V1, "IfAvailable", subject="context a")


@pytest.mark.parametrize(
    ("mode", "refused", "interactive"),
    [
        ("Never", "", False),
        ("Never", UNATTENDED, False),
        ("IfAvailable", "", True),
        ("IfAvailable", UNATTENDED, False),
        ("Always", "", True),
    ],
)
def test_standard_input_by_mode(mode: str, refused: str, interactive: bool) -> None:
    assert replace(CONFIG, interactive_mode=mode).is_interactive(refused) == interactive


def test_a_plugin_that_must_ask_and_cannot_says_why() -> None:
    config = replace(CONFIG, interactive_mode="Always")
    with pytest.raises(InvalidInputError, match="standard input holds the manifests"):
        config.is_interactive("standard input holds the manifests")


def test_the_request_without_cluster_info() -> None:
    expected = {
        "apiVersion": V1,
        "kind": "ExecCredential",
        "spec": {"interactive": False},
    }
    assert codec.decode_json(CONFIG.request(interactive=False), subject="") == expected


def test_the_request_with_cluster_info() -> None:
    endpoint = Endpoint(
        "https://api:6443", b"PEM", "api.internal", proxy_url="http://env", disable_compression=True
    )
    info = cluster_info(endpoint, proxy_url="http://proxy:3128", config={"any": [1, None]})
    sent = replace(CONFIG, cluster=info).request(interactive=True)
    assert codec.decode_json(sent, subject="")["spec"] == {
        "interactive": True,
        "cluster": {
            "server": "https://api:6443",
            "tls-server-name": "api.internal",
            "certificate-authority-data": b64encode(b"PEM").decode(),
            "proxy-url": "http://proxy:3128",
            "disable-compression": True,
            "config": {"any": [1, None]},
        },
    }


def test_cluster_info_leaves_out_what_is_not_set() -> None:
    info = cluster_info(Endpoint("https://api", insecure=True), proxy_url="", config=None)
    assert info == {"server": "https://api", "insecure-skip-tls-verify": True}


def test_the_environment_is_short() -> None:
    environ = {
        "PATH": "/bin",
        "HOME": "/root",
        "https_proxy": "http://p",
        "AWS_PROFILE": "x",
        "LC_ALL": "C",
        "DATABASE_PASSWORD": "kf-canary-db",
        "KUBECONFIG": "/x",
        "LD_PRELOAD": "/evil.so",
        "KUBERNETES_EXEC_INFO": "stale",
    }
    config = replace(CONFIG, env=(("HOME", "/home/x"), ("EXTRA", "1")))
    given = config.environ(Surroundings(environ), interactive=False)
    info = config.request(interactive=False).decode()
    assert given == {
        "PATH": "/bin",
        "HOME": "/home/x",
        "https_proxy": "http://p",
        "AWS_PROFILE": "x",
        "LC_ALL": "C",
        "EXTRA": "1",
        "KUBERNETES_EXEC_INFO": info,
    }


def test_a_missing_executable_shows_the_install_hint() -> None:
    config = replace(CONFIG, install_hint="brew install login")
    with pytest.raises(UnreachableError, match="not found: login, context a") as caught:
        config.executable({"PATH": "/nowhere"})
    assert caught.value.hint == "brew install login"


def test_a_relative_path_entry_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "login").write_text("#!/bin/sh\n")
    (tmp_path / "login").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnreachableError, match="not found"):
        CONFIG.executable({"PATH": "."})
    assert CONFIG.executable({"PATH": str(tmp_path)}) == str(tmp_path / "login")


def test_shows_neither_arguments_nor_environment() -> None:
    config = replace(CONFIG, args=("kf-canary-a",), env=(("T", "kf-canary-b"),))
    assert "kf-canary" not in repr(config)
    assert replace(CONFIG, command="/x/login --token kf-canary-c").place == "login, context a"
