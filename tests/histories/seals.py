# SPDX-License-Identifier: Apache-2.0
"""Sealed values said a second time: what they are bound to, and who opens them.

By plain cryptography, without the code under test, which only makes the certificates. RSA is dear:
keys are made once per process, and what was opened once is remembered, here and in the controllers.
"""

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from os import urandom
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

from keyfleet.base.sealing import envelope, load_key, make_key
from keyfleet.engine.sealing import keysecrets

Document = dict[str, Any]
Data = dict[str, str]

PREFIX = "sealedsecrets.bitnami.com/"
KEY_LABEL = f"{PREFIX}sealed-secrets-key"
KEYS_NAMESPACE = "kube-system"
SCOPES = ("strict", "namespace-wide", "cluster-wide")
BITS = 2048
_NONCE = bytes(12)


# What seals and opens.


def seal(name: str, value: bytes, label: bytes) -> str:
    """Return a value sealed for the key of that name."""
    session = urandom(32)
    wrapped = private_key(name).public_key().encrypt(session, _oaep(label))
    raw = len(wrapped).to_bytes(2, "big") + wrapped + AESGCM(session).encrypt(_NONCE, value, None)
    return base64.b64encode(raw).decode()


def label_of(scope: str, namespace: str, name: str) -> bytes:
    """Return what a value of this scope is bound to."""
    return {
        "strict": f"{namespace}/{name}".encode(),
        "namespace-wide": namespace.encode(),
        "cluster-wide": b"",
    }[scope]


def said_scope(document: Document) -> str:
    """Return the scope that a manifest says."""
    words = document["metadata"].get("annotations") or {}
    wider = [one for one in reversed(SCOPES[1:]) if words.get(PREFIX + one) == "true"]
    return wider[0] if wider else "strict"


def unsealed(document: Document, place: tuple[str, str], keys: tuple[str, ...]) -> Data | None:
    """Return the data of a SealedSecret meant for a place; None where not all of it opens.

    Args:
        document: The SealedSecret.
        place: Namespace and name, which a carrier does not have itself.
        keys: PEM of the private keys to try.
    """
    label, found = label_of(said_scope(document), *place), {}
    for item, text in (document["spec"].get("encryptedData") or {}).items():
        opened = [value for pem in keys if (value := _opened(pem, text, label)) is not None]
        if not opened:
            return None
        found[item] = base64.b64encode(opened[0]).decode()
    return found


@cache
def _opened(pem: str, text: str, label: bytes) -> bytes | None:
    try:
        raw = base64.b64decode(text, validate=True)
        end = 2 + int.from_bytes(raw[:2], "big")
        session = _loaded_plainly(pem).decrypt(raw[2:end], _oaep(label))
        return AESGCM(session).decrypt(_NONCE, raw[end:], None)
    except (ValueError, InvalidTag):
        return None


def _oaep(label: bytes) -> padding.OAEP:
    return padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label)


@cache
def _loaded_plainly(pem: str) -> Any:
    return load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)


# Keys as they are kept.


def key_secret(name: str, since: datetime) -> Document:
    """Return the Secret of a key, with a certificate from that moment on, to be created."""
    generate, made = rsa.generate_private_key, private_key(name)
    rsa.generate_private_key = lambda *_, **__: made
    try:
        pair = make_key(since, bits=BITS)
    finally:
        rsa.generate_private_key = generate
    values = {"tls.key": pair.key.reveal(), "tls.crt": pair.certificate}
    return {
        "metadata": {"name": f"sealed-secrets-key-{name}", "labels": {KEY_LABEL: "active"}},
        "type": "kubernetes.io/tls",
        "data": {key: base64.b64encode(value).decode() for key, value in values.items()},
    }


def keys_in_use(
    secrets: Mapping[tuple[str, str], Document], *, newest: bool = False
) -> tuple[str, ...]:
    """Return the private keys that open in a cluster, or the newest; broken ones are none.

    Of several certificates from the same second any may count as the newest.
    """
    found = []
    for (namespace, _), one in secrets.items():
        labels = one["metadata"].get("labels") or {}
        if namespace == KEYS_NAMESPACE and labels.get(KEY_LABEL) == "active":
            data = one.get("data") or {}
            texts = tuple(base64.b64decode(data[each]).decode() for each in ("tls.key", "tls.crt"))
            found.append((_since(texts[1]), texts[0]))
    whole = [(since, pem) for since, pem in found if since is not None]
    last = max((since for since, _ in whole), default=None)
    return tuple(pem for since, pem in sorted(whole) if since == last or not newest)


@cache
def _since(certificate: str) -> datetime | None:
    try:
        return load_pem_x509_certificate(certificate.encode()).not_valid_before_utc
    except ValueError:
        return None


@cache
def private_key(name: str) -> rsa.RSAPrivateKey:
    """Return the key of that name: the same for the life of the process."""
    del name
    return _generate(65537, BITS)


_generate = rsa.generate_private_key


# In the controllers under test.


@contextmanager
def cheap_keys(names: Iterator[str]) -> Iterator[None]:
    """Let controllers make the keys of these names, and load and open each only once."""
    maker: Any = rsa
    opener: Any = envelope.Envelope
    loader: Any = keysecrets
    before = maker.generate_private_key, opener.open, loader.load_key
    maker.generate_private_key = lambda *_, **__: private_key(next(names))
    opener.open, loader.load_key = _open_once, _load_once
    try:
        yield
    finally:
        maker.generate_private_key, opener.open, loader.load_key = before


_open, _load = envelope.Envelope.open, load_key
_found: dict[tuple[int, bytes], Any] = {}
_keys: dict[bytes, Any] = {}
"""They live as long as the process, so that their ids tell them."""


def _open_once(self: Any, key: Any, label: bytes) -> Any:
    name = (id(key), self.id_under(label))
    if name not in _found:
        _found[name] = _open(self, key, label)
    return _found[name]


def _load_once(pem: Any, subject: str = "") -> Any:
    text = pem.reveal()
    if text not in _keys:
        _keys[text] = _load(pem, subject)
    return _keys[text]
