# SPDX-License-Identifier: Apache-2.0
"""The one place that makes HTTP sessions, and what every session shares.

A session here keeps no cookies, follows no environment by itself (aiohttp's `trust_env` would also
read `~/.netrc`), and closes idle connections before the servers and balancers in front of them do,
so that a request seldom meets a connection that is just being closed.
"""

import ssl
from functools import cache

import aiohttp
from aiohttp.abc import AbstractResolver

from keyfleet import __version__

USER_AGENT = f"keyfleet/{__version__}"
KEEPALIVE_S = 30.0
"""Go servers close idle connections after 90 s or more, common balancers after 60 s."""


Session = aiohttp.ClientSession  # noqa: TID251 - the one place the rule names
"""For annotations; `open_session` makes one."""


def open_session(resolver: AbstractResolver | None = None) -> Session:
    """Return a session without a limit on connections: the caller bounds requests and closes it.

    Args:
        resolver: Looks up names; None is the system's.
    """
    connector = aiohttp.TCPConnector(
        limit=0, keepalive_timeout=KEEPALIVE_S, ttl_dns_cache=30, resolver=resolver
    )
    return Session(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
        trust_env=False,
    )


@cache
def system_tls() -> ssl.SSLContext:
    """Return the shared context that trusts the system's CAs.

    Building one costs 17 ms and 0.8 MiB, hence one for the process.
    """
    return ssl.create_default_context()  # noqa: TID251 - the one place the rule names
