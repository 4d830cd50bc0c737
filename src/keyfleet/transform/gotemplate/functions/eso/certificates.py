# SPDX-License-Identifier: Apache-2.0
"""What External Secrets' templates take from PEM files: blocks, links of a chain, names.

Source: docs/compat/go-templates.md 17.
"""

from collections.abc import Iterator
from ipaddress import IPv6Address
from itertools import takewhile
from typing import Final

from cryptography import x509

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.keys import pem
from keyfleet.transform.gotemplate.formats.keys.certificates import (
    Certificate,
    chain_of,
    extension,
    parse,
    text_of,
)
from keyfleet.transform.gotemplate.formats.keys.guarding import refusing, within
from keyfleet.transform.gotemplate.functions.table import STRING, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import GoList, decoded, encoded, strings

CERTIFICATES = Table()

_BEGIN: Final = b"-----BEGIN"


@CERTIFICATES.function("filterPEM", params=(STRING, STRING), run=True)
def filter_pem(run: Run, kind: str, text: str) -> str:
    """Return the blocks of one type."""
    raw = encoded(text)
    at, wanted, found = max(raw.find(_BEGIN), 0), kind.casefold(), []
    while True:
        block, at = pem.next_block(run, raw, at)
        if block is None:
            break
        if decoded(block.kind).casefold() == wanted:
            found.append(pem.encoded(block))
    if not found and at < len(raw):
        raise GoError("error filtering pem: found junk")
    return decoded(b"".join(found))


@CERTIFICATES.function("filterCertChain", params=(STRING, STRING), run=True)
def filter_chain(run: Run, which: str, text: str) -> str:
    """Return the leaf, the intermediates or the root of a chain, nothing where it has none."""
    chain = chain_of([parse(run, block.body) for block in blocks_of(run, text)])
    first, *others = chain
    found: list[Certificate] = []
    if which == "leaf" and not first.is_root:
        found = [first]
    elif which == "intermediate":
        found = list(takewhile(lambda link: not link.is_root, others))
    elif which == "root" and chain[-1].is_root:
        found = [chain[-1]]
    return decoded(text_of(found))


def blocks_of(run: Run, text: str) -> Iterator[pem.Block]:
    """Give all PEM blocks of a text."""
    raw = encoded(text)
    block, at = pem.next_block(run, raw)
    while block is not None:
        yield block
        block, at = pem.next_block(run, raw, at)


@CERTIFICATES.function("certSANs", params=(STRING,), run=True)
def alternative_names(run: Run, text: str) -> GoList:
    """Return the alternative names of a text's first certificate."""
    block, _ = pem.next_block(run, encoded(text))
    if block is None:
        raise GoError("failed to decode PEM block")
    with within("failed to parse certificate: "):
        found = parse(run, block.body)
        with refusing("x509: invalid subject alternative name"):
            names = extension(found.parsed, x509.SubjectAlternativeName)
            return strings(_texts_of(names) if names else ())


def _texts_of(names: x509.SubjectAlternativeName) -> Iterator[str]:
    yield from names.get_values_for_type(x509.DNSName)
    for address in names.get_values_for_type(x509.IPAddress):
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        yield str(mapped or address)
    yield from names.get_values_for_type(x509.RFC822Name)
    yield from names.get_values_for_type(x509.UniformResourceIdentifier)
