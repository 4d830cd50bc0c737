# SPDX-License-Identifier: Apache-2.0
"""Which variable leads where."""

import pytest

from keyfleet.sources.aws.endpoints import endpoint_of

ALL = {
    "AWS_SECRETSMANAGER_ENDPOINT": "http://eso-sm",
    "AWS_SSM_ENDPOINT": "http://eso-ssm",
    "AWS_STS_ENDPOINT": "http://eso-sts",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://sdk-sm",
    "AWS_ENDPOINT_URL_SSM": "http://sdk-ssm",
    "AWS_ENDPOINT_URL_STS": "http://sdk-sts",
    "AWS_ENDPOINT_URL": "http://sdk",
}
SERVICES = {"secretsmanager": "sm", "ssm": "ssm", "sts": "sts"}


@pytest.mark.parametrize("service", SERVICES)
def test_upstreams_variable_then_the_sdks_own_then_the_one_for_all(service: str) -> None:
    environ = dict(ALL)
    short = SERVICES[service]
    assert endpoint_of(service, environ) == f"http://eso-{short}"
    environ = {name: url for name, url in environ.items() if "_ENDPOINT_URL" in name}
    assert endpoint_of(service, environ) == f"http://sdk-{short}"
    assert endpoint_of(service, {"AWS_ENDPOINT_URL": "http://sdk"}) == "http://sdk"
    assert endpoint_of(service, {"AWS_ENDPOINT_URL": ""}) is None


def test_other_services_follow_the_one_for_all() -> None:
    assert endpoint_of("sso", ALL) == "http://sdk"


def test_sdk_may_be_told_to_ignore_its_own() -> None:
    environ = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL": "http://sdk"}
    assert endpoint_of("ssm", environ) is None
    assert endpoint_of("ssm", environ | ALL) == "http://eso-ssm"
