# SPDX-License-Identifier: Apache-2.0
"""What a declaration of a store of AWS may say."""

from typing import Any

import pytest

from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.stores import Store, StoreRef
from keyfleet.sources.aws import PROVIDER
from keyfleet.sources.aws.config import read_config

ROLE = "arn:aws:iam::123456789012:role/reader"


def store(**config: Any) -> Store:
    spec = {"service": "SecretsManager", "region": "eu-west-1", **config}
    return Store(StoreRef("SecretStore", "aws", "team"), "aws", spec, "team")


@pytest.mark.parametrize(
    "region",
    [
        "us-east-1",
        "us-gov-west-1",
        "us-isob-east-1",
        "eusc-de-east-1",
        "cn-north-1",
        "mx-central-1",
    ],
)
def test_regions_of_every_partition_are_taken(region: str) -> None:
    PROVIDER.check(store(region=region))


@pytest.mark.parametrize(
    "region", ["", "europe", "eu-west", "eu-west-1 ", "EU-WEST-1", "eu-west-1.evil", "a@b/-1", "-1"]
)
def test_nothing_else_becomes_part_of_a_host_name(region: str) -> None:
    with pytest.raises(InvalidIntentError) as refused:
        PROVIDER.check(store(region=region))
    assert (refused.value.code, refused.value.path) == ("store.invalid", "region")


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"service": "S3"}, "service"),
        ({"service": 1}, "service"),
        ({"region": None}, "region"),
        ({"auth": {"jwt": {}}}, "auth.jwt"),
        ({"auth": {"secretRef": {"accessKeyIDSecretRef": {}}}}, "auth.secretRef"),
        ({"sessionTagsPolicy": "Some"}, "sessionTagsPolicy"),
        ({"sessionTags": [{"key": "a"}]}, "sessionTags[0]"),
        ({"customSessionTags": {"esoNamespace": "x"}}, "customSessionTags"),
        ({"additionalRoles": [ROLE, ""]}, "additionalRoles[1]"),
        ({"role": 1}, "role"),
    ],
    ids=str,
)
def test_mistakes_are_named_by_their_field(config: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidIntentError) as refused:
        PROVIDER.check(store(**config))
    assert (refused.value.code, refused.value.path) == ("store.invalid", path)


def test_certificates_are_refused_by_name() -> None:
    with pytest.raises(InvalidIntentError) as refused:
        PROVIDER.check(store(service="CertificateManager"))
    assert (refused.value.code, refused.value.path) == ("store.unsupported", "service")
    assert "SecretsManager and ParameterStore" in refused.value.hint


def test_fields_of_pushing_and_of_later_versions_do_no_harm() -> None:
    PROVIDER.check(store(secretsManager={"recoveryWindowInDays": 7}, later={"a": 1}))


@pytest.mark.parametrize(
    ("policy", "tags"),
    [
        ("None", {"team": "pay"}),
        ("", {"team": "pay"}),
        ("Simple", {"team": "pay", "esoNamespace": "team"}),
        ("Custom", {"team": "pay", "esoNamespace": "team", "cost": "1"}),
    ],
)
def test_policy_says_which_tags_go_along(policy: str, tags: dict[str, str]) -> None:
    declared = store(
        role=ROLE,
        sessionTags=[{"key": "team", "value": "pay"}, {"key": "esoNamespace", "value": "forged"}],
        customSessionTags={"cost": "1"},
        sessionTagsPolicy=policy,
    )
    found = read_config(declared).tags_of(declared)
    own = (
        {} if "esoNamespace" not in tags else {"esoStoreName": "aws", "esoStoreKind": "SecretStore"}
    )
    forged = {} if own else {"esoNamespace": "forged"}
    assert found == {**tags, **own, **forged}
