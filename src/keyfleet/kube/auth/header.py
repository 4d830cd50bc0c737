# SPDX-License-Identifier: Apache-2.0
"""Secrets as header values: checked first, because a client that refuses one may quote it."""

import re
from base64 import b64encode

from keyfleet.base.secret import SecretValue

_TOKEN = re.compile(rb"[\x21-\x7e]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def is_token(value: bytes) -> bool:
    r"""Tell whether `value` can be a bearer token: visible ASCII without blanks.

    >>> is_token(b"abc.def"), is_token(b"abc\n"), is_token(b"")
    (True, False, False)
    """
    return _TOKEN.fullmatch(value) is not None


def is_header_value(text: str) -> bool:
    """Tell whether `text` holds no control character, so that it cannot end its header line."""
    return _CONTROL.search(text) is None


def bearer(token: SecretValue) -> dict[str, str]:
    """Return the header that presents `token`, which `is_token` accepted."""
    return {"Authorization": f"Bearer {token.reveal().decode('ascii')}"}


def basic(user: str, password: SecretValue) -> dict[str, str]:
    """Return the header of HTTP basic authentication, in UTF-8 as kubectl sends it."""
    pair = user.encode() + b":" + password.reveal()
    return {"Authorization": f"Basic {b64encode(pair).decode('ascii')}"}
