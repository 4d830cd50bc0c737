# SPDX-License-Identifier: Apache-2.0
"""Sealing keys for tests: small ones, made once per run and name."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from keyfleet.base.sealing import KeyPair, make_key
from keyfleet.engine.sealing.keysecrets import (
    DEFAULT_NAMESPACE,
    DEFAULT_PREFIX,
    KEY_LABEL,
    new_key_secret,
)

BITS = 2048
MADE = datetime(2026, 11, 1, tzinfo=UTC)


@cache
def key_pair(name: str = "one", made: datetime = MADE, days: int = 3650) -> KeyPair:
    """Return a key pair, the same for the same arguments within one run."""
    return make_key(made, bits=BITS, validity=timedelta(days=days), common_name=name)


def key_secret(
    pair: KeyPair,
    name: str = f"{DEFAULT_PREFIX}-one",
    *,
    namespace: str = DEFAULT_NAMESPACE,
    labels: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return a key Secret of that name, to be created.

    Args:
        pair: Key and certificate.
        name: Of the Secret.
        namespace: Where it is kept.
        labels: Other ones than those that put the key into use.
    """
    document = new_key_secret(pair, namespace=namespace)
    metadata = document["metadata"]
    del metadata["generateName"]
    metadata["name"] = name
    metadata["labels"] = {KEY_LABEL: "active"} if labels is None else dict(labels)
    return document
