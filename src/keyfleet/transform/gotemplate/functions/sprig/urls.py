# SPDX-License-Identifier: Apache-2.0
"""Sprig's functions for URLs. Source: docs/compat/go-templates.md 16.9."""

from typing import Any, Final

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.urls import Url, User, parse_url
from keyfleet.transform.gotemplate.formats.urls.escaping import as_bytes, from_bytes
from keyfleet.transform.gotemplate.functions.sprig.lists import NIL_DEREFERENCE
from keyfleet.transform.gotemplate.functions.table import MAP, STRING, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import kind_of, length

URLS: Final = Table()
_GROWTH: Final = 3
"""How much longer escapes make a text."""


@URLS.function("urlParse", params=(STRING,), run=True)
def url_parse(run: Run, text: str) -> dict[str, Any]:
    """Return the parts of a URL as a map."""
    run.walk(length(text))
    run.will_make(_GROWTH * length(text))
    try:
        url = parse_url(text)
    except GoError as error:
        raise GoError("unable to parse url: ", *error.parts) from None
    parts = {
        "scheme": url.scheme,
        "host": url.host,
        "hostname": url.hostname,
        "path": url.path,
        "query": url.query,
        "opaque": url.opaque,
        "fragment": url.fragment,
        "userinfo": url.user.text() if url.user else "",
    }
    return {name: from_bytes(part) for name, part in parts.items()}


@URLS.function("urlJoin", params=(MAP,), run=True)
def url_join(run: Run, parts: dict[str, Any]) -> str:
    """Return the URL of the parts that `urlParse` gives; those that are not there are empty."""
    names = ("scheme", "opaque", "host", "path", "query", "fragment", "userinfo")
    given = {name: _part(parts, name) for name in names}
    size = sum(map(len, given.values()))
    run.walk(size)
    run.will_make(_GROWTH * size)
    user = _user(given.pop("userinfo"))
    return from_bytes(Url(**given, user=user).text())


def _part(parts: dict[str, Any], name: str) -> str:
    value = parts.get(name, "")
    if isinstance(value, str):
        return as_bytes(value)
    if value is None:
        raise GoError(NIL_DEREFERENCE)
    raise GoError(f"unable to parse {name} key, must be of type string, but {kind_of(value)} found")


def _user(userinfo: str) -> User | None:
    if not userinfo:
        return None
    try:
        return parse_url(f"proto://{from_bytes(userinfo)}@host").user
    except GoError as error:
        raise GoError("unable to parse userinfo in dict: ", *error.parts) from None
