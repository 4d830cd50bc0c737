# SPDX-License-Identifier: Apache-2.0
"""Fetch a certificate over HTTP, through the proxy that the environment names."""

import os

import aiohttp
from yarl import URL

from keyfleet.base.errors import DeniedError, InvalidInputError, PermanentError, UnreachableError
from keyfleet.base.http import USER_AGENT, open_session, system_tls
from keyfleet.kube.kubeconfig_proxy import environment_proxy

SIZE_MAX = 1024 * 1024
"""Bytes of one download."""

_TIMEOUT = aiohttp.ClientTimeout(total=30)


async def download(url: str, shown: str) -> bytes:
    """Return what a URL gives.

    Args:
        url: It may hold a password.
        shown: What people see of it.

    Raises:
        KeyfleetError: It does not answer, or not with 200, or with too much.
        DeniedError: `sealing.url_insecure`: it is of https and leads to something else.
    """
    proxy = environment_proxy(url, os.environ, subject=shown) or None
    try:
        async with (
            open_session() as session,
            session.get(
                url,
                proxy=proxy,
                ssl=system_tls(),
                timeout=_TIMEOUT,
                headers={"User-Agent": USER_AGENT, "Accept": "*/*"},
            ) as response,
        ):
            status = response.status
            is_safe = all(_keeps_tls(url, each.url) for each in (*response.history, response))
            body = await response.content.read(SIZE_MAX + 1) if status == 200 else b""
            while 0 < len(body) <= SIZE_MAX and not response.content.at_eof():
                body += await response.content.read(SIZE_MAX + 1 - len(body))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        raise UnreachableError(
            "sealing.url", "the certificate's URL does not answer", shown
        ) from None
    if not is_safe:
        raise DeniedError(
            "sealing.url_insecure",
            "leads to a place without TLS, where anybody can put a certificate of their own",
            shown,
            "give the URL that it leads to, if you trust the way there",
        )
    if status != 200:
        raise PermanentError(
            "sealing.url_status", "cannot fetch the certificate", f"{shown}: {status}"
        )
    if len(body) > SIZE_MAX:
        raise InvalidInputError("sealing.certificate", "too large for a certificate", shown)
    return body


def _keeps_tls(asked: str, led_to: URL) -> bool:
    return URL(asked).scheme != "https" or led_to.scheme == "https"
