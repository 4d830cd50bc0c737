# SPDX-License-Identifier: Apache-2.0
"""Base64 is read as Go reads it, down to the position of what is wrong."""

from hypothesis import given, settings
from hypothesis import strategies as st

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing.gobase64 import decode_base64
from keyfleet.localplane.sealedsecrets import SealedSecretsOracle

QUANTA = st.text("AQgw/+\r\n=", max_size=14)
ODD = st.text("AQ=\r\n -_é\0\x80\ud800", max_size=9)


@settings(max_examples=500)
@given(st.one_of(QUANTA, ODD, st.text(max_size=40), st.tuples(QUANTA, ODD).map("".join)))
def test_both_decode_the_same(oracle: SealedSecretsOracle, text: str) -> None:
    answer = oracle.ask("decode", text=text.encode("utf-8", "surrogatepass"))
    try:
        found: bytes | str = decode_base64(text)
    except InvalidInputError as error:
        found = error.message if error.__context__ is None else repr(error.__context__)
    assert found == (answer.get("error") or answer["value"])
