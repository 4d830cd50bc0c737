# SPDX-License-Identifier: Apache-2.0
"""Sprig v3.3.0: the functions of External Secrets, Sealed Secrets and consul-template.

One file for each family; without `env`, `expandenv` and `getHostByName`, which would leave the
sandbox. Source: docs/compat/go-templates.md 16.
"""

from typing import Final

from keyfleet.transform.gotemplate.functions.sprig import (
    crypto_aes,
    crypto_certificates,
    crypto_keys,
    crypto_passwords,
    dates,
    decimals,
    defaults,
    encodings,
    json,
    letters,
    lists,
    maps,
    numbers,
    paths,
    randoms,
    reflection,
    regexps,
    sequences,
    strings,
    texts,
    urls,
    versions,
    words,
    wrapping,
)
from keyfleet.transform.gotemplate.functions.table import Table

_FAMILIES: Final = (
    crypto_aes.AES,
    crypto_certificates.CERTIFICATES,
    crypto_keys.KEYS,
    crypto_passwords.PASSWORDS,
    dates.DATES,
    decimals.DECIMALS,
    defaults.DEFAULTS,
    encodings.ENCODINGS,
    json.JSON,
    letters.LETTERS,
    lists.LISTS,
    maps.MAPS,
    numbers.NUMBERS,
    paths.PATHS,
    randoms.RANDOMS,
    reflection.REFLECTION,
    regexps.REGEXPS,
    sequences.SEQUENCES,
    strings.STRINGS,
    texts.TEXTS,
    urls.URLS,
    versions.VERSIONS,
    words.WORDS,
    wrapping.WRAPPING,
)


def table() -> Table:
    """Return all functions of the set."""
    return Table().union(*_FAMILIES)
