# SPDX-License-Identifier: Apache-2.0
"""What became of a ClusterExternalSecret -> its status, as upstream writes it.

Source: compat/external-secrets.md 1.5.
"""

from collections.abc import Mapping
from typing import Any

from keyfleet.dialects.eso.conditions import short
from keyfleet.plugin import Report
from keyfleet.plugin.parents import Brood, Manifest

FAILED = "one or more namespaces failed"


def report_brood(brood: Brood, failures: Mapping[str, str], parent: Manifest) -> Report:
    """Return the whole status.

    Args:
        brood: What was planned.
        failures: Namespace -> what the API server answered, where something was not done.
        parent: The manifest, with its present status.
    """
    found = parent.get("status")
    before: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    if brood.rejection is not None:
        rejection = brood.rejection
        return Report({**before, "conditions": [_ready(short(rejection.path, rejection.message))]})
    failed = {**(brood.failed or {}), **failures}
    status = {
        **before,
        "externalSecretName": brood.name,
        "failedNamespaces": [
            {"namespace": namespace, "reason": failed[namespace]} for namespace in sorted(failed)
        ],
        "provisionedNamespaces": [name for name in sorted(brood.provisioned) if name not in failed],
        "conditions": [_ready(FAILED if failed else "")],
    }
    # Upstream leaves out lists that are empty.
    return Report({name: value for name, value in status.items() if value != []})


def _ready(problem: str) -> dict[str, str]:
    condition = {"type": "Ready", "status": "False" if problem else "True"}
    return condition | ({"message": problem} if problem else {})
