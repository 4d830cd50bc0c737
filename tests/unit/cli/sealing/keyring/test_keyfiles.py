# SPDX-License-Identifier: Apache-2.0
"""Key files in all their forms; what is none is told without a byte of it."""

from pathlib import Path

import pytest

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.sealing.keyring.keyfiles import keys_in, load_keys
from keyfleet.kube.requests import encode_body
from keyfleet.testing.canary import canary, find_canary
from keyfleet.testing.sealing import key_pair, key_secret

ONE, TWO = key_pair("one"), key_pair("two")
SECRET, OTHER = (encode_body(key_secret(pair)) for pair in (ONE, TWO))
BROKEN = b'{"kind": "Secret", "metadata": {"name": "broken"}, "data": {"tls.key": "AAAA"}}'
FORMS = {
    "PEM": (ONE.key.reveal(), 1),
    "PEM and certificate": (ONE.certificate + ONE.key.reveal(), 1),
    "several PEM": (ONE.key.reveal() + TWO.key.reveal(), 2),
    "line ends of Windows": (ONE.key.reveal().replace(b"\n", b"\r\n"), 1),
    "a Secret": (SECRET, 1),
    "objects in a row": (SECRET + b"\n" + OTHER, 2),
    "documents": (b"---\n" + SECRET + b"\n---\n" + OTHER, 2),
    "a List": (b'{"kind": "List", "items": [' + SECRET + b"," + OTHER + b"]}", 2),
    "others among them": (b'{"kind": "Secret", "data": {"a": "Yg=="}}' + SECRET, 1),
    "stringData": (
        b"stringData:\n  tls.key: |\n" + ONE.key.reveal().replace(b"-----B", b"    -----B").replace(
            b"\n", b"\n    "
        ),
        1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_keys_are_found_in_every_form(form: str) -> None:
    raw, count = FORMS[form]
    found = keys_in(raw, "a file")
    assert (len(found.keys), found.broken) == (count, ())


def test_a_broken_key_is_named_and_does_not_hide_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(BROKEN + SECRET)
    assert len(load_keys([str(path)])) == 1
    assert "broken" in capsys.readouterr().err


def test_several_files_with_commas_or_repeated(tmp_path: Path) -> None:
    for name, pair in (("one", ONE), ("two", TWO)):
        (tmp_path / name).write_bytes(pair.key.reveal())
    one, two = (str(tmp_path / name) for name in ("one", "two"))
    assert len(load_keys([f"{one},{two}"])) == len(load_keys([one, two])) == 2


@pytest.mark.parametrize(
    "raw", [b"", BROKEN, ONE.certificate, b"-----BEGIN RSA PRIVATE KEY-----\n?", canary("no-key")]
)
def test_a_file_without_a_key_is_refused_and_not_quoted(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "keys"
    path.write_bytes(raw)
    with pytest.raises(InvalidInputError) as caught:
        load_keys([str(path)])
    assert str(path) in caught.value.subject
    assert not find_canary(repr(caught.value))
