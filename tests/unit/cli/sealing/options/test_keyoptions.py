# SPDX-License-Identifier: Apache-2.0
"""The flags about sealing keys: upstream's names, defaults and forms, one clear error each."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.sealing.options.keyoptions import NO_KEY_OPTIONS, settings_of
from keyfleet.engine.sealing.keysecrets import Priority
from keyfleet.engine.sealing.settings import SealingSettings


def test_the_defaults_are_upstreams() -> None:
    """Source: compat/sealed-secrets.md 3.6."""
    assert settings_of(NO_KEY_OPTIONS) == SealingSettings()
    assert SealingSettings().renew_period == timedelta(days=30)
    assert SealingSettings().validity == timedelta(days=3650)


def test_reads_every_flag() -> None:
    options = replace(
        NO_KEY_OPTIONS,
        namespace="sealing",
        prefix="my-key-",
        size=2048,
        ttl="24h",
        my_cn="fleet",
        renew_period="0",
        order_priority="SecretCreationTimestamp",
        cutoff_time="Fri, 20 Nov 2026 09:00:00 +0100",
        labels="a=b,a=c,d=",
        annotations="example.com/Note=some text",
        accept_v1=False,
    )
    assert settings_of(options) == SealingSettings(
        namespace="sealing",
        prefix="my-key-",
        bits=2048,
        validity=timedelta(days=1),
        common_name="fleet",
        renew_period=timedelta(),
        priority=Priority.SECRET_CREATION,
        cutoff=datetime(2026, 11, 20, 8, tzinfo=UTC),
        labels={"a": "b", "d": ""},
        annotations={"example.com/Note": "some text"},
        takes_whole=False,
    )


@pytest.mark.parametrize(
    ("change", "flag"),
    [
        ({"namespace": "Kube"}, "key-namespace"),
        ({"namespace": "a" * 64}, "key-namespace"),
        ({"prefix": "under_score"}, "key-prefix"),
        ({"prefix": ""}, "key-prefix"),
        ({"prefix": "a" * 246}, "key-prefix"),
        ({"size": 1024}, "key-size"),
        ({"size": 2049}, "key-size"),
        ({"ttl": "10d"}, "key-ttl"),
        ({"ttl": "0"}, "key-ttl"),
        ({"ttl": "2000000h"}, "key-ttl"),
        ({"renew_period": "-1h"}, "key-renew-period"),
        ({"renew_period": ""}, "key-renew-period"),
        ({"my_cn": "a" * 65}, "my-cn"),
        ({"order_priority": "Newest"}, "key-order-priority"),
        ({"cutoff_time": "2026-11-20T09:00:00Z"}, "key-cutoff-time"),
        ({"labels": "a"}, "privatekey-labels"),
        ({"labels": "a=b c"}, "privatekey-labels"),
        ({"annotations": "=x"}, "privatekey-annotations"),
    ],
)
def test_names_the_flag_that_is_wrong(change: dict[str, Any], flag: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        settings_of(replace(NO_KEY_OPTIONS, **change))
    assert caught.value.code == "cli.usage"
    assert caught.value.subject == f"--sealed-secrets-{flag}"
    assert caught.value.hint
