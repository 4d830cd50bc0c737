# SPDX-License-Identifier: Apache-2.0
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.addresses import (
    Address,
    is_global_unicast,
    is_private,
    next_address,
    parse_address,
    parse_hardware_address,
    parse_network,
)


@given(st.ip_addresses())
def test_reads_what_it_shows(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    address = parse_address(str(ip))
    assert parse_address(address.go_string()) == address


def test_an_ipv4_address_in_ipv6_form_is_that_address() -> None:
    assert parse_address("::ffff:10.0.0.1") == parse_address("10.0.0.1")
    assert parse_network("::ffff:10.0.0.0/104") == parse_network("10.0.0.0/8")


@pytest.mark.parametrize("text", ["", "x", "010.0.0.1", "1.2.3", "fe80::1%eth0", "\u0661.2.3.4"])
def test_refuses_other_text(text: str) -> None:
    with pytest.raises(GoError):
        parse_address(text)


@pytest.mark.parametrize(
    "text", ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/\u0668", "/8"]
)
def test_refuses_what_is_no_network(text: str) -> None:
    with pytest.raises(GoError) as caught:
        parse_network(text)
    assert caught.value.go_text() == f"cannot parse CIDR: invalid CIDR address: {text}"


def test_a_network_forgets_which_member_it_was_written_with() -> None:
    assert parse_network("10.0.0.5/08").go_string() == "10.0.0.0/8"
    fields = parse_network("10.0.0.5/8").fields()
    assert [fields[name].go_string() for name in ("IP", "Mask")] == ["10.0.0.0", "ff000000"]


@pytest.mark.parametrize("text", ["00:00:5e:00:53:01", "00-00-5E-00-53-01", "0000.5e00.5301"])
def test_reads_hardware_addresses_in_three_forms(text: str) -> None:
    assert parse_hardware_address(text).go_string() == "00:00:5e:00:53:01"


@pytest.mark.parametrize("text", ["", "00:00", "00:00:5e:00:53-01", "00:00:5e:00:53:0g", "0" * 99])
def test_refuses_other_hardware_addresses(text: str) -> None:
    with pytest.raises(GoError):
        parse_hardware_address(text)


def test_the_next_address_is_of_the_same_kind_or_none() -> None:
    assert next_address(parse_address("10.0.0.255"), step=1) == parse_address("10.0.1.0")
    for text, step in (("255.255.255.255", 1), ("::", -1)):
        with pytest.raises(GoError):
            next_address(parse_address(text), step=step)


@pytest.mark.parametrize(
    ("text", "is_one"), [("10.0.0.1", True), ("255.255.255.255", False), ("240.0.0.1", True)]
)
def test_knows_addresses_of_one_machine(text: str, *, is_one: bool) -> None:
    assert is_global_unicast(parse_address(text)) is is_one


@pytest.mark.parametrize(
    ("text", "is_one"), [("172.31.0.1", True), ("172.32.0.1", False), ("fd00::1", True)]
)
def test_knows_addresses_that_are_every_sites_own(text: str, *, is_one: bool) -> None:
    assert is_private(Address(ipaddress.ip_address(text))) is is_one
