# SPDX-License-Identifier: Apache-2.0
"""Sprout's functions for addresses and networks; none of them asks the network.

Source: docs/compat/go-templates.md 18.
"""

from typing import Final

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats import addresses
from keyfleet.transform.gotemplate.formats.addresses import (
    Address,
    BigInteger,
    parse_address,
    parse_hardware_address,
    parse_network,
)
from keyfleet.transform.gotemplate.formats.naming import named
from keyfleet.transform.gotemplate.functions.table import STRING, Table, struct
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import GoList, Uint8

NETWORK: Final = Table()
_LISTED_MAX: Final = 65_536
_BYTES_OF_ONE: Final = 100

_ONE: Final = (STRING,)
_TWO: Final = (STRING, STRING)
_ADDRESS: Final = (struct(Address),)

NETWORK.function("parseIP", params=_ONE)(parse_address)
NETWORK.function("parseMAC", params=_ONE)(parse_hardware_address)
NETWORK.function("parseCIDR", params=_ONE)(parse_network)


@NETWORK.function("ipVersion", params=_ONE)
def ip_version(text: str) -> Uint8:
    """Return 4 or 6."""
    return Uint8(parse_address(text).ip.version)


@NETWORK.function("ipIsLoopback", params=_ONE)
def ip_is_loopback(text: str) -> bool:
    """Return whether the address is the machine itself."""
    return addresses.is_loopback(parse_address(text))


@NETWORK.function("ipIsGlobalUnicast", params=_ONE)
def ip_is_global_unicast(text: str) -> bool:
    """Return whether the address is that of one machine, in whatever network."""
    return addresses.is_global_unicast(parse_address(text))


@NETWORK.function("ipIsMulticast", params=_ONE)
def ip_is_multicast(text: str) -> bool:
    """Return whether the address is that of a group."""
    return addresses.is_multicast(parse_address(text))


@NETWORK.function("ipIsPrivate", params=_ONE)
def ip_is_private(text: str) -> bool:
    """Return whether the address is one of those that every site may use as it likes."""
    return addresses.is_private(parse_address(text))


@NETWORK.function("ipIncrement", params=_ADDRESS)
def ip_increment(address: Address) -> Address:
    """Return the address after it."""
    return addresses.next_address(address, step=1)


@NETWORK.function("ipDecrement", params=_ADDRESS)
def ip_decrement(address: Address) -> Address:
    """Return the address before it."""
    return addresses.next_address(address, step=-1)


@NETWORK.function("cidrContains", params=_TWO)
def cidr_contains(network: str, address: str) -> bool:
    """Return whether the address is in the network."""
    return addresses.contains(parse_network(network), parse_address(address))


@NETWORK.function("cidrSize", params=_ONE)
def cidr_size(network: str) -> BigInteger:
    """Return how many addresses the network has."""
    return BigInteger(parse_network(network).block.num_addresses)


@NETWORK.function("cidrRangeList", params=_ONE, run=True)
def cidr_range_list(run: Run, network: str) -> GoList:
    """Return all addresses of the network."""
    block = named("invalid CIDR block", parse_network, network).block
    if block.num_addresses > _LISTED_MAX:
        raise GoError(f"a network of more than {_LISTED_MAX} addresses")
    run.will_hold(block.num_addresses)
    run.will_make(_BYTES_OF_ONE * block.num_addresses)
    run.walk(8 * block.num_addresses)
    return GoList((Address(ip) for ip in block), Address.go_type)


@NETWORK.function("cidrFirst", params=_ONE)
def cidr_first(network: str) -> str:
    """Return the first address of the network."""
    return str(parse_network(network).block.network_address)


@NETWORK.function("cidrLast", params=_ONE)
def cidr_last(network: str) -> str:
    """Return the last address of the network."""
    return str(parse_network(network).block.broadcast_address)


@NETWORK.function("cidrOverlap", params=_TWO)
def cidr_overlap(one: str, other: str) -> bool:
    """Return whether the networks have addresses in common."""
    first, second = parse_network(one).block, parse_network(other).block
    return first.version == second.version and first.overlaps(second)
