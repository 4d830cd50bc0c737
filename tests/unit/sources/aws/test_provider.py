# SPDX-License-Identifier: Apache-2.0
"""The provider without its library."""

import subprocess
import sys
from typing import cast

import pytest

from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import InvalidIntentError, UnsupportedError
from keyfleet.model.stores import Store, StoreRef
from keyfleet.plugin.stores import ProviderMeans, StoreReferences
from keyfleet.sources.aws import PROVIDER

MEANS = ProviderMeans(SystemClock(), bytes, lambda *_: None)
NO_REFERENCES = cast("StoreReferences", None)
STORE = Store(
    StoreRef("SecretStore", "aws", "team"),
    "aws",
    {"service": "SecretsManager", "region": "eu-west-1"},
)


@pytest.mark.parametrize("library", ["aiobotocore", "botocore"])
async def test_missing_extra_is_said_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    for name in [name for name in sys.modules if name.startswith("keyfleet.sources.aws.")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UnsupportedError) as missing:
        await PROVIDER.open(STORE, NO_REFERENCES, MEANS)
    assert missing.value.code == "store.extra_missing"
    assert missing.value.subject == f"SecretStore hub/team/aws, {library}"
    assert "keyfleet[aws]" in missing.value.hint
    PROVIDER.check(STORE)


def test_library_is_not_loaded_before_a_store_is_opened() -> None:
    code = (
        "import sys, keyfleet.builtin; keyfleet.builtin.providers();"
        "sys.exit('botocore' in sys.modules or 'aiobotocore' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_bad_declaration_is_refused_before_anything_is_loaded() -> None:
    store = Store(STORE.ref, "aws", {"service": "SecretsManager", "region": "nowhere"})
    with pytest.raises(InvalidIntentError):
        await PROVIDER.open(store, NO_REFERENCES, MEANS)


def test_upstreams_names() -> None:
    assert (PROVIDER.name, PROVIDER.capabilities) == ("aws", "ReadWrite")
