# SPDX-License-Identifier: Apache-2.0
"""Names as Go prints them; the texts were recorded from Go."""

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.formats.keys import der
from keyfleet.transform.gotemplate.formats.keys.distinguished_names import name_text

CN, O, OU, C, ST, L = (  # noqa: E741 - as they are called everywhere
    NameOID.COMMON_NAME,
    NameOID.ORGANIZATION_NAME,
    NameOID.ORGANIZATIONAL_UNIT_NAME,
    NameOID.COUNTRY_NAME,
    NameOID.STATE_OR_PROVINCE_NAME,
    NameOID.LOCALITY_NAME,
)


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ([], ""),
        ([(CN, "a b")], "CN=a b"),
        ([(CN, "a"), (CN, "b")], "CN=b"),
        ([(C, "DE"), (O, "x"), (CN, "y")], "CN=y,O=x,C=DE"),
        ([(CN, "y"), (ST, "s"), (L, "l"), (C, "DE")], "CN=y,L=l,ST=s,C=DE"),
        ([(OU, "a"), (OU, "b")], "OU=a+OU=b"),
        ([(O, " x "), (CN, '#a#,+"\\<>;')], 'CN=\\#a#\\,\\+\\"\\\\\\<\\>\\;,O=\\ x\\ '),
        ([(NameOID.TITLE, "a"), (CN, "x")], "CN=x,2.5.4.12=#130161"),
        ([(NameOID.TITLE, "ü"), (NameOID.GIVEN_NAME, ";")], "2.5.4.42=#0c013b,2.5.4.12=#0c02c3bc"),
    ],
)
def test_prints_a_name_as_go_does(
    attributes: list[tuple[x509.ObjectIdentifier, str]], text: str
) -> None:
    name = x509.Name([x509.NameAttribute(*attribute) for attribute in attributes])
    assert name_text(name.public_bytes()) == text


def test_reads_the_wide_texts_of_old_certificates() -> None:
    wide = der.encode(der.BMP_STRING, "ü".encode("utf-16-be"))
    attribute = der.sequence(der.oid("2.5.4.3"), wide)
    assert name_text(der.sequence(der.set_of(attribute))) == "CN=ü"


@given(st.binary(max_size=60))
def test_refuses_everything_else(raw: bytes) -> None:
    with pytest.raises(der.DerError):
        name_text(b"\x31" + raw)
