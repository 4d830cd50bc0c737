# SPDX-License-Identifier: Apache-2.0
"""Addresses of servers and proxies: made whole, and kept from pointing at this machine's own cloud.

Source: docs/compat/fleet.md, 1.1.1 (`server`, `proxy-url`); design.md 8, "inventories".
"""

import re
import socket
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from keyfleet.base.errors import InvalidInputError, UnsupportedError

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9.])?")
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_NAT64 = ip_network("64:ff9b::/96")
_METADATA = frozenset(
    map(ip_address, ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"))
)
"""Metadata services of clouds that do not use a link-local address."""


def server_url(server: str, *, has_tls: bool, subject: str) -> str:
    """Return the server's URL with scheme and without a trailing slash.

    Args:
        server: `https://host:port[/prefix]`; without a scheme, `has_tls` chooses it.
        has_tls: A CA or insecure-skip-tls-verify is set.
        subject: For error texts.

    Raises:
        InvalidInputError: Not an http or https address, or one with a user or password in it.
    """
    address = server if "://" in server else f"{'https' if has_tls else 'http'}://{server}"
    parts = _split(address, "server", subject)
    if parts.scheme not in {"http", "https"}:
        raise _invalid("server", subject)
    if "@" in parts.netloc:
        raise InvalidInputError(
            "kubeconfig.server_userinfo",
            "the server address holds a user or password",
            subject,
            hint="move it to the user entry (username, password)",
            path="server",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def proxy_address(proxy_url: str, *, field: str, subject: str) -> str:
    """Return the proxy's URL.

    Raises:
        InvalidInputError: Not an address of a proxy.
        UnsupportedError: A SOCKS proxy.
    """
    parts = _split(proxy_url, field, subject)
    if parts.scheme in {"socks5", "socks5h"}:
        raise UnsupportedError(
            "kubeconfig.proxy_socks",
            "SOCKS proxies are not supported",
            f"{field}, {subject}",
            hint="use an http or https proxy",
        )
    if parts.scheme not in {"http", "https"}:
        raise _invalid(field, subject)
    return proxy_url


def host_of(url: str) -> str:
    """Return the host of a URL that was checked, without brackets and port."""
    return urlsplit(url).hostname or ""


def is_off_limits(host: str) -> bool:
    """Tell whether a foreign kubeconfig may not send us there: link-local and metadata addresses.

    Names are not resolved here: who connects must ask again with the address it got.

    >>> is_off_limits("169.254.169.254"), is_off_limits("0xa9fea9fe"), is_off_limits("10.0.0.1")
    (True, True, False)
    """
    address = _address(host)
    if address is None:
        return host.rstrip(".").lower() == "metadata.google.internal"
    embedded = _embedded(address) if isinstance(address, IPv6Address) else None
    return any(one.is_link_local or one in _METADATA for one in (address, embedded) if one)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    bare = host.partition("%")[0].rstrip(".")
    try:
        return ip_address(bare)
    except (AddressValueError, ValueError):
        pass
    try:
        # The C library also takes 2852039166, 0xa9fea9fe and 0251.0376.43518.
        return IPv4Address(socket.inet_aton(bare))
    except (OSError, UnicodeError):
        return None


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for."""
    low = IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _NAT64 or int(address) >> 32 == 0:
        return low
    return address.ipv4_mapped or address.sixtofour


def _split(address: str, field: str, subject: str) -> SplitResult:
    """Return the parts of a URL whose host every parser reads alike."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise _invalid(field, subject) from None
    if not _PRINTABLE.fullmatch(address) or "\\" in address or not _is_host(host):
        raise _invalid(field, subject)
    return parts


def _is_host(host: str) -> bool:
    return bool(_NAME.fullmatch(host)) or (":" in host and _address(host) is not None)


def _invalid(field: str, subject: str) -> InvalidInputError:
    return InvalidInputError(
        "kubeconfig.address",
        "not a usable address",
        f"{field}, {subject}",
        hint="write https://host:port, optionally with a path",
        path=field,
    )
