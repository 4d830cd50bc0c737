# SPDX-License-Identifier: Apache-2.0
import bcrypt
import pytest
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.functions.eso.changed import hexdec, htpasswd


def test_hashes_with_sha1_where_it_is_asked_for() -> None:
    assert htpasswd(a_run(), "ü", "password", "sha") == "ü:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="


@pytest.mark.parametrize("algorithm", ["", "bcrypt", "SHA"])
def test_hashes_with_bcrypt_otherwise(algorithm: str) -> None:
    user, found = htpasswd(a_run(), "u", "kf-canary-x", algorithm).split(":")
    assert user == "u"
    assert bcrypt.checkpw(b"kf-canary-x", found.encode())


@pytest.mark.parametrize("algorithm", ["sha", "bcrypt"])
def test_says_that_a_name_cannot_be_written(algorithm: str) -> None:
    assert htpasswd(a_run(), "a:b", "x", algorithm) == "invalid username: a:b"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ""),
        ("6162C3bc", "abü"),
        ("ff", "\udcff"),
        ("6", "encoding/hex: odd length hex string"),
        ("6g", "encoding/hex: invalid byte: U+0067 'g'"),
    ],
)
def test_decodes_hexadecimal_or_says_why_not(text: str, found: str) -> None:
    assert hexdec(text) == found
