# SPDX-License-Identifier: Apache-2.0
"""IP addresses, networks and hardware addresses as Go's `net` reads and shows them.

An IPv4 address that is written as an IPv6 one (`::ffff:10.0.0.1`) is that IPv4 address.
Source: docs/compat/go-templates.md 18.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any, ClassVar, Final

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.functions.table import Table, struct
from keyfleet.transform.gotemplate.values import GoObject

_ADDRESS: Final = Table()
_MASK: Final = Table()
_NETWORK: Final = Table()
_HARDWARE: Final = Table()

_PRIVATE: Final = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))
)
_BROADCAST: Final = IPv4Address("255.255.255.255")
_MAPPED_BITS: Final = 96
"""Of an IPv6 address that is an IPv4 one: all before the IPv4 address."""
_LONGEST: Final = 64
_HARDWARE_SIZES_BYTES: Final = (6, 8, 20)


@dataclass(frozen=True, slots=True)
class Address(GoObject):
    """An IP address."""

    go_type: ClassVar[str] = "net.IP"
    go_kind: ClassVar[str] = "slice"
    methods: ClassVar[Mapping[str, Any]] = _ADDRESS
    ip: IPv4Address | IPv6Address

    def go_string(self) -> str:
        """Return the shortest form."""
        return str(self.ip)

    def underlying(self) -> bytes:
        """Return the address as one of IPv6."""
        return bytes(10) + b"\xff\xff" + self.ip.packed if self.ip.version == 4 else self.ip.packed

    def json_value(self) -> str:
        """Return the shortest form."""
        return str(self.ip)


@dataclass(frozen=True, slots=True)
class Mask(GoObject):
    """Which bits of an address say the network."""

    go_type: ClassVar[str] = "net.IPMask"
    go_kind: ClassVar[str] = "slice"
    methods: ClassVar[Mapping[str, Any]] = _MASK
    ip: IPv4Address | IPv6Address

    def go_string(self) -> str:
        """Return the mask in hexadecimal digits."""
        return self.ip.packed.hex()

    def underlying(self) -> bytes:
        """Return the bytes."""
        return self.ip.packed


@dataclass(frozen=True, slots=True)
class Network(GoObject):
    """A network of IP addresses."""

    go_type: ClassVar[str] = "*net.IPNet"
    methods: ClassVar[Mapping[str, Any]] = _NETWORK
    block: IPv4Network | IPv6Network

    def go_string(self) -> str:
        """Return the first address and the number of bits that all have in common."""
        return str(self.block)

    def fields(self) -> Mapping[str, Any]:
        """Return the first address and the mask."""
        return {"IP": Address(self.block.network_address), "Mask": Mask(self.block.netmask)}


@dataclass(frozen=True, slots=True)
class HardwareAddress(GoObject):
    """An address such as Ethernet's."""

    go_type: ClassVar[str] = "net.HardwareAddr"
    go_kind: ClassVar[str] = "slice"
    methods: ClassVar[Mapping[str, Any]] = _HARDWARE
    raw: bytes

    def go_string(self) -> str:
        """Return the bytes in hexadecimal digits with colons."""
        return self.raw.hex(":")

    def underlying(self) -> bytes:
        """Return the bytes."""
        return self.raw


@dataclass(frozen=True, slots=True)
class BigInteger(GoObject):
    """An integer of any size."""

    go_type: ClassVar[str] = "*big.Int"
    number: int

    def go_string(self) -> str:
        """Return the digits."""
        return str(self.number)

    def underlying(self) -> int:
        """Return the number."""
        return self.number


def parse_address(text: str) -> Address:
    """Return the address that is written there.

    Raises:
        GoError: It is none.
    """
    try:
        return Address(_ip(text))
    except ValueError:
        raise GoError("invalid IP address") from None


def _ip(text: str) -> IPv4Address | IPv6Address:
    if "%" in text or len(text) > _LONGEST:
        raise AddressValueError
    found = ip_address(text)
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def parse_network(text: str) -> Network:
    """Return the network that is written there, with the address of any of its members.

    Raises:
        GoError: It is none.
    """
    member, _, bits = text.partition("/")
    try:
        if not (bits.isascii() and bits.isdecimal()) or len(bits) > _LONGEST:
            raise AddressValueError
        return Network(_block(member, int(bits)))
    except ValueError:
        raise GoError("cannot parse CIDR: invalid CIDR address: ", Data(text)) from None


def _block(member: str, bits: int) -> IPv4Network | IPv6Network:
    found = _ip(member)
    if isinstance(found, IPv4Address) and ":" in member:
        if bits < _MAPPED_BITS:
            return ip_network((member, bits), strict=False)
        bits -= _MAPPED_BITS
    return ip_network((found, bits), strict=False)


def parse_hardware_address(text: str) -> HardwareAddress:
    """Return the address that is written there with colons, hyphens or points.

    Raises:
        GoError: It is none.
    """
    for separator, width in ((":", 2), ("-", 2), (".", 4)):
        groups = text[:_LONGEST].split(separator)
        digits = "".join(groups)
        is_regular = all(len(group) == width for group in groups)
        if is_regular and len(digits) // 2 in _HARDWARE_SIZES_BYTES and len(text) <= _LONGEST:
            try:
                return HardwareAddress(bytes.fromhex(digits) if digits.isalnum() else b"")
            except ValueError:
                break
    raise GoError("cannot parse MAC address: address ", Data(text), ": invalid MAC address")


@_ADDRESS.function("IsPrivate")
def is_private(address: Address) -> bool:
    """Return whether the address is one of those that every site may use as it likes."""
    return any(address.ip in block for block in _PRIVATE)


@_ADDRESS.function("IsLoopback")
def is_loopback(address: Address) -> bool:
    """Return whether the address is the machine itself."""
    return address.ip.is_loopback


@_ADDRESS.function("IsMulticast")
def is_multicast(address: Address) -> bool:
    """Return whether the address is that of a group."""
    return address.ip.is_multicast


@_ADDRESS.function("IsGlobalUnicast")
def is_global_unicast(address: Address) -> bool:
    """Return whether the address is that of one machine, in whatever network."""
    ip = address.ip
    is_special = ip.is_unspecified or ip.is_loopback or ip.is_multicast or ip.is_link_local
    return ip != _BROADCAST and not is_special


@_ADDRESS.function("IsUnspecified")
def _is_unspecified(address: Address) -> bool:
    return address.ip.is_unspecified


@_ADDRESS.function("IsLinkLocalUnicast")
def _is_link_local(address: Address) -> bool:
    return address.ip.is_link_local


@_ADDRESS.function("To4")
def _to_4(address: Address) -> Address | None:
    return address if address.ip.version == 4 else None


@_ADDRESS.function("To16")
def _to_16(address: Address) -> Address:
    return address


@_ADDRESS.function("Equal", params=(struct(Address),))
def _is_equal(address: Address, other: Address) -> bool:
    return address.ip == other.ip


@_NETWORK.function("Contains", params=(struct(Address),))
def contains(network: Network, address: Address) -> bool:
    """Return whether the address is in the network."""
    return address.ip in network.block


@_NETWORK.function("Network")
def _kind_of_network(_: Network) -> str:
    return "ip+net"


for _methods in (_ADDRESS, _MASK, _NETWORK, _HARDWARE):
    _methods.function("String")(lambda shown: shown.go_string())


def next_address(address: Address, *, step: int) -> Address:
    """Return the address before (-1) or after (1) it.

    Raises:
        GoError: There is none.
    """
    try:
        return Address(address.ip + step)
    except AddressValueError:
        problem = "increment overflow" if step > 0 else "decrement underflow"
        raise GoError(f"ip {problem}") from None
