# SPDX-License-Identifier: Apache-2.0
"""Stores that are asked with credentials of their cluster: another control plane's Secrets.

Source: compat/external-secrets.md 5.3.
"""

import base64
from typing import Any

from tests.cluster.engine.externalsecrets.shop import Shop
from tests.cluster.engine.sides import Side

from keyfleet.kube.resources import SECRETSTORES
from keyfleet.testing.canary import canary

ONE, TWO = canary("one"), canary("two")
AT_ONCE_S = 15.0
FAILED = ("False", "SecretSyncedError")
SOURCE = {"password": ONE, "user": b"ada"}


def store_of(shop: Shop, remote: Side, credentials: str = "login") -> dict[str, Any]:
    """Return a store that reads the test's namespace of another plane."""
    return {
        "provider": {
            "kubernetes": {
                "remoteNamespace": shop.namespace,
                "server": {
                    "url": remote.plane.url,
                    "caBundle": base64.b64encode(remote.plane.ca_pem).decode(),
                },
                "auth": {"token": {"bearerToken": {"name": credentials, "key": "token"}}},
            }
        }
    }


def token_of(remote: Side) -> dict[str, bytes]:
    return {"token": remote.plane.tokens["admin"].encode()}


async def begin(shop: Shop, login: dict[str, bytes], **spec: Any) -> None:
    await shop.fleet.write_secret(shop.fleet.west, "src", SOURCE)
    await shop.fleet.write_secret(shop.east, "login", login)
    store = store_of(shop, shop.fleet.west)
    await shop.put(shop.east, SECRETSTORES, "store", spec=store)
    await shop.want(shop.east, **spec)
    await shop.run()


async def test_one_key_and_all_keys_of_a_remote_secret(shop: Shop) -> None:
    entries = [{"extract": {"key": "src"}}]
    await begin(shop, token_of(shop.fleet.west), keys={"pw": "src#password"}, dataFrom=entries)
    await shop.delivered({**SOURCE, "pw": ONE}, shop.east)
    await shop.synced(shop.east)


async def test_a_wrong_login_is_said_and_heals_as_soon_as_it_is_right(shop: Shop) -> None:
    await begin(shop, {"token": canary("wrong")}, keys={"pw": "src#password"})
    await shop.says(shop.east, "False", "InvalidProviderConfig", name="store", kind=SECRETSTORES)
    await shop.says(shop.east, *FAILED, 'SecretStore "store" is not ready')
    await shop.fleet.set_data(shop.east, "login", token_of(shop.fleet.west))
    await shop.delivered({"pw": ONE}, shop.east, timeout_s=AT_ONCE_S)
    await shop.says(shop.east, "True", "SecretSynced", timeout_s=AT_ONCE_S)
    await shop.says(shop.east, "True", "Valid", name="store", kind=SECRETSTORES)


async def test_a_missing_login_is_said_and_heals_as_soon_as_it_comes(shop: Shop) -> None:
    await shop.fleet.write_secret(shop.fleet.west, "src", SOURCE)
    store = store_of(shop, shop.fleet.west)
    await shop.put(shop.east, SECRETSTORES, "store", spec=store)
    await shop.want(shop.east, {"pw": "src#password"})
    await shop.run()
    await shop.says(shop.east, *FAILED, "login")
    await shop.fleet.write_secret(shop.east, "login", token_of(shop.fleet.west))
    await shop.delivered({"pw": ONE}, shop.east, timeout_s=AT_ONCE_S)


async def test_a_new_value_comes_with_the_next_refresh(shop: Shop) -> None:
    spec = {"keys": {"pw": "src#password"}, "refreshInterval": "1s"}
    await begin(shop, token_of(shop.fleet.west), **spec)
    await shop.delivered({"pw": ONE}, shop.east)
    await shop.fleet.set_data(shop.fleet.west, "src", {"password": TWO})
    await shop.delivered({"pw": TWO}, shop.east)
    await shop.heard(shop.east, "Normal", "Updated", "secret updated")


async def test_a_remote_secret_that_goes_leaves_what_was_delivered(shop: Shop) -> None:
    spec = {"keys": {"pw": "src#password"}, "refreshInterval": "1s"}
    await begin(shop, token_of(shop.fleet.west), **spec)
    await shop.delivered({"pw": ONE}, shop.east)
    await shop.fleet.delete_secret(shop.fleet.west, "src")
    await shop.says(shop.east, *FAILED, "spec.data[0] (key: src)")
    assert await shop.fleet.data(shop.east) == {"pw": ONE}
    await shop.fleet.write_secret(shop.fleet.west, "src", {"password": TWO})
    await shop.delivered({"pw": TWO}, shop.east, timeout_s=30)
