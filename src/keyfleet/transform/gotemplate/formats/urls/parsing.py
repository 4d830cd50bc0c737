# SPDX-License-Identifier: Apache-2.0
"""Taking URLs apart as Go's `net/url` does, with its errors.

Texts here have one character for each byte, outside of errors.
Source: docs/compat/go-templates.md 16.9.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address
from string import ascii_letters, digits
from typing import Final

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.quoting import escaped
from keyfleet.transform.gotemplate.formats.urls.escaping import (
    Part,
    as_bytes,
    from_bytes,
    unescaped,
)
from keyfleet.transform.gotemplate.formats.urls.url import Url, User

_LETTERS: Final = frozenset(ascii_letters)
_SCHEME: Final = _LETTERS | set(digits + "+-.")
_USERINFO: Final = _LETTERS | set(digits + "-._:~!$&'()*+,;=%@")
_CONTROLS: Final = frozenset(map(chr, (*range(32), 127)))
_STRICT: Final = frozenset({"http", "https"})
"""Schemes whose hosts have one colon at most."""
_ZONE: Final = "%25"


def parse_url(text: str) -> Url:
    """Take a URL apart.

    Raises:
        GoError: It is none, as `parse "...": ...`.
    """
    raw = as_bytes(text)
    main, _, fragment = raw.partition("#")
    try:
        url = _parsed(main)
    except GoError as error:
        raise _wrapped(main, error) from None
    try:
        return Url(
            url.scheme, url.opaque, url.user, url.host, url.path, url.query,
            unescaped(fragment, Part.FRAGMENT),
        )  # fmt: skip
    except GoError as error:
        raise _wrapped(raw, error) from None


def _wrapped(raw: str, error: GoError) -> GoError:
    return GoError('parse "', _shown(raw), '": ', *error.parts)


def _shown(raw: str) -> Data:
    return Data(escaped(from_bytes(raw)))


def _parsed(raw: str) -> Url:
    if not _CONTROLS.isdisjoint(raw):
        raise GoError("net/url: invalid control character in URL")
    scheme, rest = _scheme(raw)
    rest, _, query = rest.partition("?")
    if not rest.startswith("/"):
        if scheme:
            return Url(scheme, rest, query=query)
        if ":" in rest.partition("/")[0]:
            raise GoError("first path segment in URL cannot contain colon")
    user, host = None, ""
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        user, host = _authority(authority, scheme)
        rest = slash + path
    return Url(scheme, "", user, host, unescaped(rest, Part.PATH), query)


def _scheme(raw: str) -> tuple[str, str]:
    """Return the scheme in lower case and what follows it."""
    scheme, colon, rest = raw.partition(":")
    if not colon or not _SCHEME.issuperset(scheme):
        return "", raw
    if not scheme:
        raise GoError("missing protocol scheme")
    return (scheme.lower(), rest) if scheme[0] in _LETTERS else ("", raw)


def _authority(text: str, scheme: str) -> tuple[User | None, str]:
    userinfo, at, host = text.rpartition("@")
    name = _host(host, scheme)
    return (_userinfo(userinfo) if at else None), name


def _userinfo(text: str) -> User:
    if not _USERINFO.issuperset(text):
        raise GoError("net/url: invalid userinfo")
    name, colon, password = text.partition(":")
    return User(
        unescaped(name, Part.USERINFO), unescaped(password, Part.USERINFO) if colon else None
    )


def _host(text: str, scheme: str) -> str:
    if text.rfind("[") > 0:
        raise GoError("invalid IP-literal")
    if text.startswith("["):
        return _bracketed(text)
    cut = text.find(":") if scheme in _STRICT else text.rfind(":")
    if cut >= 0 and text[cut + 1 :].strip(digits):
        raise _invalid_port(text[cut:])
    return unescaped(text, Part.HOST)


def _bracketed(text: str) -> str:
    address, bracket, port = text[1:].rpartition("]")
    if not bracket:
        raise GoError("missing ']' in host")
    if port and (port[0] != ":" or port[1:].strip(digits)):
        raise _invalid_port(port)
    plain, percent, zone = address.partition(_ZONE)
    found = unescaped(plain, Part.HOST) + unescaped(percent + zone, Part.ZONE)
    _check_address(found)
    return f"[{found}]{port}"


def _invalid_port(text: str) -> GoError:
    return GoError('invalid port "', _shown(text), '" after host')


def _check_address(text: str) -> None:
    """Refuse what is no IPv6 address. Go gives a more exact reason than "unable to parse"."""
    address, percent, zone = text.partition("%")
    try:
        parsed = ip_address(address)
    except ValueError:
        parsed = None
    if isinstance(parsed, IPv4Address) and not percent:
        raise GoError("invalid IP-literal")
    if not isinstance(parsed, IPv6Address) or (percent and not zone):
        raise GoError('invalid host: ParseAddr("', _shown(text), '"): unable to parse IP')
