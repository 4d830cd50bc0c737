# SPDX-License-Identifier: Apache-2.0
"""Schemas of SecretStore, ClusterSecretStore and the generators.

What stands under the key of a provider is checked by that provider, and said on the store.
Source: compat/external-secrets.md 1.6, 7, Appendices B and C.
"""

from keyfleet.manifests.eso.externalsecrets import OLD
from keyfleet.manifests.eso.parts import (
    BOOLEAN,
    INTEGER,
    LABEL_SELECTOR,
    LIST_OF_TEXTS,
    NAMESPACE,
    OPEN,
    TEXT,
    TEXTS,
    Schema,
    conditions,
    fields,
    several,
    words,
)
from keyfleet.model.eso.stores import INNER_SPECS

_RETRIES: Schema = fields(
    {"maxRetries": {"type": "integer", "format": "int32"}, "retryInterval": TEXT}
)
_TEXT_LISTS: Schema = {"type": "object", "additionalProperties": LIST_OF_TEXTS}
_LENGTH = {"type": "integer", "minimum": 256, "maximum": 8192}


def store_spec(version: str) -> Schema:
    """Return the schema of a store's `spec` in a version."""
    interval: Schema = INTEGER if version == OLD else {"x-kubernetes-int-or-string": True}
    condition = fields(
        {
            "namespaceSelector": LABEL_SELECTOR,
            "namespaces": several(NAMESPACE),
            "namespaceRegexes": LIST_OF_TEXTS,
        }
    )
    return fields(
        {
            "provider": OPEN | {"minProperties": 1, "maxProperties": 1},
            "controller": TEXT,
            "conditions": several(condition),
            "refreshInterval": interval,
            "retrySettings": _RETRIES,
        },
        "provider",
    )


def store_status() -> Schema:
    """Return the schema of a store's `status`."""
    return fields({"capabilities": TEXT, "conditions": conditions()})


def generator_spec(kind: str) -> Schema:
    """Return the schema of a generator's `spec`."""
    return _GENERATORS[kind]


_GENERATORS: dict[str, Schema] = {
    "Fake": fields({"controller": TEXT, "data": TEXTS}),
    "Password": fields(
        {
            "allowRepeat": BOOLEAN | {"default": False},
            "digits": INTEGER,
            "encoding": words("base64", "base64url", "base32", "hex", "raw", default="raw"),
            "length": INTEGER | {"default": 24},
            "noUpper": BOOLEAN | {"default": False},
            "secretKeys": several(TEXT, minItems=1),
            "symbolCharacters": TEXT,
            "symbols": INTEGER,
        },
        "allowRepeat",
        "length",
        "noUpper",
    ),
    "SSHKey": fields(
        {
            "comment": TEXT,
            "keySize": _LENGTH,
            "keyType": words("rsa", "ecdsa", "ed25519", default="rsa"),
        }
    ),
    "UUID": OPEN,
    "VaultDynamicSecret": fields(
        {
            "allowEmptyResponse": BOOLEAN | {"default": False},
            "controller": TEXT,
            "getParameters": _TEXT_LISTS,
            "method": TEXT,
            "parameters": {"x-kubernetes-preserve-unknown-fields": True},
            "path": TEXT,
            "provider": OPEN,
            "resultType": words("Data", "Auth", "Raw", default="Data"),
            "retrySettings": _RETRIES,
        },
        "path",
        "provider",
    ),
}
_GENERATORS["ClusterGenerator"] = fields(
    {
        "kind": words(*INNER_SPECS),
        "generator": fields(
            {INNER_SPECS[kind]: schema for kind, schema in _GENERATORS.items()}, one_key=True
        ),
    },
    "kind",
    "generator",
)
