# SPDX-License-Identifier: Apache-2.0
"""External Secrets' functions of PKCS#12: taken apart into PEM, and made from it.

Source: docs/compat/go-templates.md 17.
"""

from contextlib import suppress

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.base64 import standard
from keyfleet.transform.gotemplate.formats.keys import pem, pkcs12, pkcs12_making
from keyfleet.transform.gotemplate.formats.keys.certificates import (
    Certificate,
    chain_of,
    parse,
    text_of,
)
from keyfleet.transform.gotemplate.formats.keys.guarding import refusing, within
from keyfleet.transform.gotemplate.formats.keys.private_keys import from_any, pkcs8
from keyfleet.transform.gotemplate.functions.eso.certificates import blocks_of
from keyfleet.transform.gotemplate.functions.table import STRING, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import decoded, encoded

STORES = Table()


@STORES.function("pkcs12key", params=(STRING,), run=True)
def key(run: Run, store: str) -> str:
    """Return the private key of a store without a password."""
    return key_with_password(run, "", store)


@STORES.function("pkcs12keyPass", params=(STRING, STRING), run=True)
def key_with_password(run: Run, password: str, store: str) -> str:
    """Return the private key of a store."""
    with within("unable to decode pkcs12 with password: "):
        found, _ = pkcs12.read(run, encoded(store), password)
    with refusing("x509: unknown key type while marshaling PKCS#8"):
        return decoded(pem.encoded(pem.Block(b"PRIVATE KEY", pkcs8(found))))


@STORES.function("pkcs12cert", params=(STRING,), run=True)
def certificates(run: Run, store: str) -> str:
    """Return the certificates of a store without a password."""
    return certificates_with_password(run, "", store)


@STORES.function("pkcs12certPass", params=(STRING, STRING), run=True)
def certificates_with_password(run: Run, password: str, store: str) -> str:
    """Return the certificates of a store, from the leaf up if they are one chain."""
    with within("unable to decode pkcs12 certificate with password: "):
        _, found = pkcs12.read(run, encoded(store), password)
    with suppress(GoError):  # without one they stay as they are in the store
        found = chain_of(found)
    return decoded(text_of(found))


@STORES.function("pemToPkcs12", params=(STRING, STRING), run=True)
def store_of(run: Run, certificate: str, private_key: str) -> str:
    """Return a store of the first certificate and the key, without a password."""
    return store_with_password(run, certificate, private_key, "")


@STORES.function("pemToPkcs12Pass", params=(STRING, STRING, STRING), run=True)
def store_with_password(run: Run, certificate: str, private_key: str, password: str) -> str:
    """Return a store of the first certificate and the key."""
    block, _ = pem.next_block(run, encoded(certificate))
    if block is None:
        raise _no_block()
    return _store(run, [parse(run, block.body)], private_key, password)


@STORES.function("fullPemToPkcs12", params=(STRING, STRING), run=True)
def full_store_of(run: Run, chain: str, private_key: str) -> str:
    """Return a store of all certificates and the key, without a password."""
    return full_store_with_password(run, chain, private_key, "")


@STORES.function("fullPemToPkcs12Pass", params=(STRING, STRING, STRING), run=True)
def full_store_with_password(run: Run, chain: str, private_key: str, password: str) -> str:
    """Return a store of all certificates and the key."""
    found = _all(run, chain)
    if not found:
        raise _no_block()
    return _store(run, found, private_key, password)


@STORES.function("pemTruststoreToPKCS12", params=(STRING,), run=True)
def trust_store_of(run: Run, trusted: str) -> str:
    """Return a store of trusted certificates, without a password."""
    return trust_store_with_password(run, trusted, "")


@STORES.function("pemTruststoreToPKCS12Pass", params=(STRING, STRING), run=True)
def trust_store_with_password(run: Run, trusted: str, password: str) -> str:
    """Return a store of trusted certificates."""
    return standard(pkcs12_making.trust_store(run, _all(run, trusted), password))


def _all(run: Run, text: str) -> list[Certificate]:
    return [parse(run, block.body) for block in blocks_of(run, text)]


def _store(run: Run, found: list[Certificate], private_key: str, password: str) -> str:
    block, _ = pem.next_block(run, encoded(private_key))
    if block is None:
        raise _no_block()
    return standard(pkcs12_making.key_store(run, from_any(run, block.body), found, password))


def _no_block() -> GoError:
    return GoError("runtime error: invalid memory address or nil pointer dereference")
