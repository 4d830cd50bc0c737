# SPDX-License-Identifier: Apache-2.0
"""How long the controller's watches have been silent, from its metrics page."""

import asyncio
from collections.abc import Mapping

import aiohttp

from keyfleet.base.errors import InvalidInputError, UnreachableError
from keyfleet.base.http import open_session

AGE = "keyfleet_kube_watch_heard_age_seconds"
PATIENCE_S = 5.0
PAGE_BYTES = 16 * 1024 * 1024

Ages = Mapping[tuple[str, str], float]
"""(cluster, resource) -> seconds since its quietest watch was heard."""


async def watch_ages(url: str) -> Ages:
    """Return the ages that a metrics page tells.

    Raises:
        InvalidInputError: It is no metrics page of Keyfleet.
        UnreachableError: Nobody answers there.
    """
    try:
        async with (
            asyncio.timeout(PATIENCE_S),
            open_session() as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            raw, status = await _body(answer), answer.status
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        raise UnreachableError("cli.no_metrics", "the metrics page does not answer", url) from None
    found = ages_in(raw.decode(errors="replace")) if status == 200 else {}
    if not found:
        raise InvalidInputError(
            "cli.no_metrics",
            "no metrics of a controller that leads",
            url,
            hint="`keyfleet run --listen 127.0.0.1:8080` serves http://127.0.0.1:8080/metrics",
        )
    return found


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    raw = b""
    async for chunk in answer.content.iter_any():
        raw += chunk
        if len(raw) > PAGE_BYTES:
            break
    return raw


def ages_in(text: str) -> dict[tuple[str, str], float]:
    r"""Return the ages of a metrics page; empty for any other text.

    >>> ages_in('keyfleet_kube_watch_heard_age_seconds{cluster="east",resource="secrets"} 7.0\n')
    {('east', 'secrets'): 7.0}
    """
    from prometheus_client.parser import text_string_to_metric_families

    found: dict[tuple[str, str], float] = {}
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == AGE:
                    key = (sample.labels.get("cluster", ""), sample.labels.get("resource", ""))
                    found[key] = max(sample.value, found.get(key, 0.0))
    except (ValueError, KeyError, IndexError):
        return {}
    return found
