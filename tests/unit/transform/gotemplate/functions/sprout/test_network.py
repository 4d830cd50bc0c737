# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.playing import problem, sprout


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ('ipVersion "::ffff:1.2.3.4"', "4"),
        ('ipIsLoopback "127.5.0.1"', "true"),
        ('ipIsGlobalUnicast "169.254.1.1"', "false"),
        ('ipIsMulticast "ff02::1"', "true"),
        ('ipIsPrivate "100.64.0.1"', "false"),
        ('parseIP "10.0.0.255" | ipIncrement', "10.0.1.0"),
        ('parseIP "10.0.1.0" | ipDecrement', "10.0.0.255"),
        ('cidrContains "::/0" "1.2.3.4"', "false"),
        ('cidrSize "::/0"', "340282366920938463463374607431768211456"),
        ('cidrRangeList "10.0.0.5/30" | join ","', "10.0.0.4,10.0.0.5,10.0.0.6,10.0.0.7"),
        ('cidrFirst "10.0.0.5/8"', "10.0.0.0"),
        ('cidrLast "10.0.0.5/8"', "10.255.255.255"),
        ('cidrOverlap "10.0.0.0/8" "10.1.0.0/16"', "true"),
        ('cidrOverlap "::/0" "10.0.0.0/8"', "false"),
        ('(parseCIDR "10.0.0.5/8").Contains (parseIP "10.1.1.1")', "true"),
        ('parseMAC "0000.5e00.5301"', "00:00:5e:00:53:01"),
    ],
)
def test_calculates_with_addresses(action: str, text: str) -> None:
    assert sprout(action) == text


def test_lists_networks_of_some_size_only() -> None:
    assert sprout('cidrRangeList "10.0.0.0/17" | len') == "32768"
    assert "more than 65536 addresses" in problem(sprout, 'cidrRangeList "10.0.0.0/15"')
    assert "invalid CIDR block: cannot parse CIDR" in problem(sprout, 'cidrRangeList "x"')
