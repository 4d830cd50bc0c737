# SPDX-License-Identifier: Apache-2.0
"""Fixtures of real servers and programs, each started when the first test asks for it.

They are shared for the whole run: a test uses paths, mounts, names or jobs of its own, and counts
from a mark. A test that kills or pauses a server starts one for itself.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from keyfleet.localplane import assets
from keyfleet.localplane.moto import Moto
from keyfleet.localplane.prometheus import Prometheus
from keyfleet.localplane.sealedsecrets import SealedSecretsOracle
from keyfleet.localplane.vault import Vault


@pytest.fixture(scope="session")
def openbao() -> Iterator[Vault]:
    """A server of the API that OpenBao and Vault share."""
    with Vault() as server:
        yield server


@pytest.fixture(scope="session")
def moto_server() -> Iterator[Moto]:
    """The process behind `moto`."""
    with Moto() as server:
        yield server


@pytest.fixture
def moto(moto_server: Moto) -> Moto:
    """AWS, empty, and without a request counted."""
    moto_server.reset()
    return moto_server


@pytest.fixture(scope="session")
def prometheus() -> Iterator[Prometheus]:
    """Prometheus; `configure` and `scrape` replace whatever another test loaded."""
    with Prometheus() as server:
        yield server


@pytest.fixture(scope="session")
def kubeseal() -> Path:
    """The real `kubeseal`."""
    return assets.ensure_tool("kubeseal")


@pytest.fixture(scope="session")
def sealed_secrets_controller() -> Path:
    """Upstream's controller: takes a kubeconfig, a namespace and the size of a new key."""
    return assets.ensure_tool("sealed-secrets-controller")


@pytest.fixture(scope="session")
def oracle() -> Iterator[SealedSecretsOracle]:
    """What Sealed Secrets' own code says to a value, a key or a certificate."""
    with SealedSecretsOracle() as process:
        yield process
