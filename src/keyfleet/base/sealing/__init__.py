# SPDX-License-Identifier: Apache-2.0
"""Sealed values exactly as upstream's: scopes, envelopes, keys, and sets of keys."""

from keyfleet.base.sealing.certificates import (
    KeyPair,
    SealingCertificate,
    load_certificate,
    make_key,
)
from keyfleet.base.sealing.envelope import Envelope, seal
from keyfleet.base.sealing.keys import SealingKey, load_key
from keyfleet.base.sealing.keyset import Keyset, Opened
from keyfleet.base.sealing.memory import Memory
from keyfleet.base.sealing.numbers import fingerprint_of
from keyfleet.base.sealing.scope import SCOPE_ANNOTATIONS, Scope, parse_scope, scope_of

__all__ = [
    "SCOPE_ANNOTATIONS",
    "Envelope",
    "KeyPair",
    "Keyset",
    "Memory",
    "Opened",
    "Scope",
    "SealingCertificate",
    "SealingKey",
    "fingerprint_of",
    "load_certificate",
    "load_key",
    "make_key",
    "parse_scope",
    "scope_of",
    "seal",
]
