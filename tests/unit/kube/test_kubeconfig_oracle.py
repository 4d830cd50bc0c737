# SPDX-License-Identifier: Apache-2.0
"""The official client as a second opinion, where it agrees with kubectl.

It does not about `current-context` (its last file wins), nor about relative paths of entries in
different files; those rules are in test_kubeconfig.py alone.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes.client import Configuration
from kubernetes.config import kube_config

from keyfleet.base import codec
from keyfleet.kube.access import Access
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.kubeconfig import load

NAMES = st.sampled_from("abc")
CLUSTERS = st.fixed_dictionaries(
    {"server": st.sampled_from(["https://h1:6443", "https://h2/p/", "http://h3"])},
    optional={
        "insecure-skip-tls-verify": st.booleans(),
        "tls-server-name": st.sampled_from(["n1", "n2"]),
        "proxy-url": st.just("http://proxy:3128"),
    },
)
USERS: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.fixed_dictionaries({"token": st.sampled_from(["kf-canary-1", "kf-canary-2"])}),
    st.fixed_dictionaries({"username": st.just("me"), "password": st.just("kf-canary-p")}),
    st.just({}),
)
CONTEXTS = st.fixed_dictionaries({"cluster": NAMES, "user": NAMES})


def _named(field: str, entries: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    found = st.dictionaries(NAMES, entries, max_size=3)
    return found.map(lambda named: [{"name": name, field: at} for name, at in named.items()])


FILES = st.lists(
    st.fixed_dictionaries(
        {
            "clusters": _named("cluster", CLUSTERS),
            "users": _named("user", USERS),
            "contexts": _named("context", CONTEXTS),
        }
    ),
    min_size=1,
    max_size=3,
)


def _write(folder: Path, files: list[dict[str, Any]]) -> list[Path]:
    paths = [folder / str(number) for number in range(len(files))]
    for path, document in zip(paths, files, strict=True):
        path.write_bytes(codec.encode_json(document))
    return paths


def _usable(config: Any) -> Iterator[str]:
    for context, found in config.contexts.items():
        if found.cluster in config.clusters and found.user in config.users:
            yield context


def _theirs(paths: list[Path], context: str) -> tuple[object, ...]:
    configuration = Configuration()
    kube_config.load_kube_config(  # type: ignore[no-untyped-call]
        os.pathsep.join(map(str, paths)),
        context=context,
        client_configuration=configuration,
        persist_config=False,
    )
    is_https = configuration.host.startswith("https")
    token = configuration.api_key.get("BearerToken") if is_https else None
    name, proxy = configuration.tls_server_name, configuration.proxy
    return configuration.host, not configuration.verify_ssl, name or "", proxy or "", token


async def _ours(access: Access) -> tuple[object, ...]:
    at = access.endpoint
    headers = await access.credential.headers()
    token = headers.get("Authorization")
    return at.server, at.insecure, at.tls_server_name, at.proxy_url, token


@given(FILES)
async def test_reads_and_merges_like_the_official_client(
    tmp_path_factory: pytest.TempPathFactory, files: list[dict[str, Any]]
) -> None:
    paths = _write(tmp_path_factory.mktemp("oracle"), files)
    config = load(paths, {})
    for context in _usable(config):
        access = config.access(context, Surroundings())
        assert _theirs(paths, context) == await _ours(access)
