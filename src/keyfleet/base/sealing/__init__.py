# SPDX-License-Identifier: Apache-2.0
"""Sealed values exactly as upstream's: scopes, envelopes, keys, and sets of keys."""

from keyfleet.base.sealing.envelope import Envelope, seal
from keyfleet.base.sealing.keys import (
    KeyPair,
    SealingCertificate,
    SealingKey,
    fingerprint_of,
    load_certificate,
    load_key,
    make_key,
)
from keyfleet.base.sealing.keyset import Keyset, Memory, Opened
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
