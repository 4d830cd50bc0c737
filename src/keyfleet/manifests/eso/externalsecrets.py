# SPDX-License-Identifier: Apache-2.0
"""Schemas of ExternalSecret and ClusterExternalSecret.

v1beta1 has defaults for what v1 leaves empty, which means the same; GitOps tools compare with them.
Source: compat/external-secrets.md 1.2, 1.3, 1.5.
"""

from keyfleet.manifests.eso.parts import (
    BOOLEAN,
    KEY,
    LABEL_SELECTOR,
    LIST_OF_TEXTS,
    NAME,
    NAMESPACE,
    TEXT,
    TEXTS,
    TIME,
    Schema,
    conditions,
    fields,
    several,
    text,
    words,
)
from keyfleet.model.eso.stores import GENERATOR_API_VERSION, GENERATORS

OLD = "v1beta1"

_SCHEDULE = (
    r"^(@(annually|yearly|monthly|weekly|daily|midnight|hourly)|@every [^\s]+.*"
    r"|[^\s]+( [^\s]+){4})$"
)
_DECODINGS = ("Auto", "Base64", "Base64URL", "None")
_STORE: Schema = fields({"name": NAME, "kind": words("SecretStore", "ClusterSecretStore")})
_GENERATOR: Schema = fields(
    {"apiVersion": text(GENERATOR_API_VERSION), "kind": words(*GENERATORS), "name": NAME},
    "kind",
    "name",
)
_SOURCE: Schema = fields({"storeRef": _STORE, "generatorRef": _GENERATOR}, one_key=True)


def spec(version: str) -> Schema:
    """Return the schema of an ExternalSecret's `spec` in a version."""
    data = fields(
        {"secretKey": KEY, "remoteRef": _remote(version), "sourceRef": _SOURCE},
        "secretKey",
        "remoteRef",
    )
    return fields(
        {
            "secretStoreRef": _STORE,
            "refreshInterval": text("1h0m0s"),
            "refreshPolicy": words("CreatedOnce", "Periodic", "OnChange"),
            "data": several(data),
            "dataFrom": several(_bulk(version)),
            "target": _target(version),
            "syncWindows": _windows(),
        }
    )


def status() -> Schema:
    """Return the schema of an ExternalSecret's `status`."""
    return fields(
        {
            "refreshTime": TIME | {"nullable": True},
            "syncedResourceVersion": TEXT,
            "conditions": conditions(),
            "binding": fields({"name": TEXT}),
        }
    )


def parent_spec(version: str) -> Schema:
    """Return the schema of a ClusterExternalSecret's `spec` in a version."""
    return fields(
        {
            "externalSecretSpec": spec(version),
            "externalSecretName": NAME,
            "externalSecretMetadata": fields({"labels": TEXTS, "annotations": TEXTS}),
            "namespaceSelector": LABEL_SELECTOR,
            "namespaceSelectors": several(LABEL_SELECTOR),
            "namespaces": several(NAMESPACE),
            "refreshTime": TEXT,
        },
        "externalSecretSpec",
    )


def parent_status() -> Schema:
    """Return the schema of a ClusterExternalSecret's `status`."""
    failed = fields({"namespace": TEXT, "reason": TEXT}, "namespace")
    return fields(
        {
            "externalSecretName": TEXT,
            "failedNamespaces": several(failed),
            "provisionedNamespaces": LIST_OF_TEXTS,
            "conditions": conditions(),
        }
    )


def _old(version: str, default: str) -> str | None:
    return default if version == OLD else None


def _conversion(version: str) -> dict[str, Schema]:
    found = {
        "conversionStrategy": words("Default", "Unicode", default=_old(version, "Default")),
        "decodingStrategy": words(*_DECODINGS, default=_old(version, "None")),
    }
    return found if version == OLD else found | {"nullBytePolicy": words("Ignore", "Fail")}


def _remote(version: str) -> Schema:
    return fields(
        {
            "key": TEXT,
            "property": TEXT,
            "version": TEXT,
            "metadataPolicy": words("None", "Fetch", default=_old(version, "None")),
            **_conversion(version),
        },
        "key",
    )


def _bulk(version: str) -> Schema:
    find = fields(
        {
            "name": fields({"regexp": TEXT}),
            "path": TEXT,
            "tags": TEXTS,
            **_conversion(version),
        }
    )
    return fields(
        {
            "extract": _remote(version),
            "find": find,
            "sourceRef": _SOURCE,
            "rewrite": several(_rewrite()),
        }
    )


def _rewrite() -> Schema:
    merge = fields(
        {
            "conflictPolicy": words("Ignore", "Error", default="Error"),
            "into": text(""),
            "priority": LIST_OF_TEXTS,
            "priorityPolicy": words("IgnoreNotFound", "Strict", default="Strict"),
            "strategy": words("Extract", "JSON", default="Extract"),
        }
    )
    return fields(
        {
            "regexp": fields({"source": TEXT, "target": TEXT}, "source", "target"),
            "transform": fields({"template": TEXT}, "template"),
            "merge": merge,
        },
        one_key=True,
    )


def _target(version: str) -> Schema:
    policies = ["Owner", "Orphan", "Merge", "None"]
    policies += [] if version == OLD else ["CreateOrMerge"]
    manifest = fields({"apiVersion": TEXT, "kind": TEXT}, "apiVersion", "kind")
    return fields(
        {
            "name": NAME,
            "creationPolicy": words(*policies, default="Owner"),
            "deletionPolicy": words("Delete", "Merge", "Retain", default="Retain"),
            "immutable": BOOLEAN,
            "template": _template(version),
            **({} if version == OLD else {"manifest": manifest}),
        },
        default={"creationPolicy": "Owner", "deletionPolicy": "Retain"},
    )


def _template(version: str) -> Schema:
    return fields(
        {
            "type": TEXT,
            # Manifests of before 0.16 may say v1, which is told to their authors, not refused here.
            "engineVersion": words(*(("v1", "v2") if version == OLD else ("v2",)), default="v2"),
            "mergePolicy": words("Replace", "Merge", default="Replace"),
            "metadata": fields(
                {"labels": TEXTS, "annotations": TEXTS, "finalizers": LIST_OF_TEXTS}
            ),
            "data": TEXTS,
            "templateFrom": several(_template_from(version)),
        }
    )


def _template_from(version: str) -> Schema:
    item = fields(
        {"key": KEY, "templateAs": words("Values", "KeysAndValues", default="Values")}, "key"
    )
    holder = fields({"name": NAME, "items": several(item)}, "name", "items")
    into = words("Data", "Annotations", "Labels", default="Data")
    found = {
        "configMap": holder,
        "secret": holder,
        "literal": TEXT,
        "target": into if version == OLD else text("Data"),
    }
    decoding = {} if version == OLD else {"valuesDecodingStrategy": words(*_DECODINGS)}
    return fields(found | decoding)


def _windows() -> Schema:
    schedule = TEXT | {"minLength": 1, "pattern": _SCHEDULE}
    window = fields({"schedule": schedule, "duration": TEXT}, "schedule", "duration")
    return fields(
        {"kind": words("allow", "deny"), "windows": several(window, minItems=1)},
        "kind",
        "windows",
    )
