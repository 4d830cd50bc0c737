# SPDX-License-Identifier: Apache-2.0
"""Where AWS' services are, when the operator says so: upstream's variables, then the SDK's."""

from collections.abc import Mapping
from typing import Final

_VARIABLES: Final = {
    "secretsmanager": ("AWS_SECRETSMANAGER_ENDPOINT", "AWS_ENDPOINT_URL_SECRETS_MANAGER"),
    "ssm": ("AWS_SSM_ENDPOINT", "AWS_ENDPOINT_URL_SSM"),
    "sts": ("AWS_STS_ENDPOINT", "AWS_ENDPOINT_URL_STS"),
}
_ALL: Final = "AWS_ENDPOINT_URL"
_IGNORE: Final = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"


def endpoint_of(service: str, environ: Mapping[str, str]) -> str | None:
    """Return the URL that stands for a service, or None for AWS' own.

    >>> endpoint_of("ssm", {"AWS_ENDPOINT_URL": "http://a", "AWS_SSM_ENDPOINT": "http://b"})
    'http://b'
    """
    upstream, own = _VARIABLES.get(service, ("", ""))
    is_sdk_ignored = environ.get(_IGNORE, "").lower() == "true"
    names = (upstream,) if is_sdk_ignored else (upstream, own, _ALL)
    return next((environ[name] for name in names if environ.get(name)), None)
