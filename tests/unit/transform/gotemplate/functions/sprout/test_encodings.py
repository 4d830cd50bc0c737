# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.playing import problem, sprout


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ('base64Decode "YQ=="', "a"),
        ('base32Decode "ME======"', "a"),
        ('md5Sum ""', "d41d8cd98f00b204e9800998ecf8427e"),
        ("randBytes 3 | len", "4"),
        ("randBytes -1", ""),
        ('toJSON "<"', '"\\u003c"'),
        ('toRawJSON "<"', '"<"'),
        ("toPrettyJSON (list 1)", "[\n  1\n]"),
        ('fromYAML "yes: 012"', "map[yes:10]"),
        ('toYAML (dict "a" (list 1))', "a:\n    - 1"),
        ('toIndentYAML 2 (dict "a" (dict "b" 1))', "a:\n  b: 1"),
        ('toIndentYAML 0 (dict "a" (dict "b" 1))', "a:\n    b: 1"),
        ('toIndentYAML 12 (dict "a" (dict "b" 1))', "a:\n  b: 1"),
    ],
)
def test_encodes_and_decodes(action: str, text: str) -> None:
    assert sprout(action) == text


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ('base64Decode "YQ"', "base64 decode error: illegal base64 data at input byte 0"),
        ('base32Decode "x"', "base32 decode error: illegal base32 data at input byte 0"),
        ('fromJSON ""', "json decode error: unexpected end of JSON input"),
        ("toJSON 1i", "json encode error: json: unsupported type: complex128"),
        (
            "toIndentYAML -1 1",
            "yaml encode error: yaml: cannot indent to a negative number of spaces",
        ),
    ],
)
def test_reports_what_it_cannot_read_or_write(action: str, text: str) -> None:
    assert problem(sprout, action).endswith(text)


def test_does_not_make_more_random_bytes_than_a_string_holds() -> None:
    assert "longer than" in problem(sprout, "randBytes 90000000")
