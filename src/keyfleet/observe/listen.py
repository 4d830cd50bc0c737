# SPDX-License-Identifier: Apache-2.0
"""Read the address to listen on: `HOST:PORT`, where no host means this machine only."""

import ipaddress
import re
from dataclasses import dataclass

from keyfleet.base.errors import InvalidInputError

LOOPBACK = "127.0.0.1"

_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?")
_SHOWN_MAX = 80


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """A host and a port to bind."""

    host: str
    """IP address or host name, without brackets."""
    port: int
    """0 lets the system choose."""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_listen(text: str) -> ListenAddress:
    """Return the address a `--listen` value names.

    >>> str(parse_listen(":8080"))
    '127.0.0.1:8080'
    >>> str(parse_listen("[::]:8080"))
    '[::]:8080'
    >>> str(parse_listen("[10.0.0.7]:8080"))
    '10.0.0.7:8080'

    Raises:
        InvalidInputError: `listen.address`: not of that form.
    """
    host, colon, port = text.strip().rpartition(":")
    # Unlike elsewhere an empty host is not every interface: that must be said.
    bare = _bare_host(host) if host else LOOPBACK
    is_port = port.isascii() and port.isdecimal() and len(port) <= 5 and int(port) <= 65535
    if not colon or not bare or not is_port:
        raise InvalidInputError(
            "listen.address",
            "not an address to listen on",
            text[:_SHOWN_MAX],
            "use HOST:PORT, such as 127.0.0.1:8080, 0.0.0.0:8080 (every interface) or [::1]:8080",
        )
    return ListenAddress(bare, int(port))


def _bare_host(host: str) -> str:
    """Return the host without brackets; empty when it is none."""
    is_bracketed = host.startswith("[") and host.endswith("]")
    bare = host[1:-1] if is_bracketed else host
    try:
        version = ipaddress.ip_address(bare).version
    except ValueError:
        looks_numeric = bare.replace(".", "").isdecimal()
        is_name = _NAME.fullmatch(bare) is not None and not is_bracketed and not looks_numeric
        return bare if is_name else ""
    # A pod's manifest writes `[$(POD_IP)]:8080`, whichever family its address turns out to be of.
    return bare if is_bracketed or version == 4 else ""
