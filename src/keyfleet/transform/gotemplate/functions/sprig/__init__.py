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
    defaults,
    letters,
    lists,
    maps,
    paths,
    regexps,
    sequences,
    strings,
    texts,
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
    defaults.DEFAULTS,
    letters.LETTERS,
    lists.LISTS,
    maps.MAPS,
    paths.PATHS,
    regexps.REGEXPS,
    sequences.SEQUENCES,
    strings.STRINGS,
    texts.TEXTS,
    words.WORDS,
    wrapping.WRAPPING,
)


def table() -> Table:
    """Return all functions of the set."""
    return Table().union(*_FAMILIES)
