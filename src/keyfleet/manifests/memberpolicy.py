# SPDX-License-Identifier: Apache-2.0
"""An admission policy in members that holds Keyfleet's own account to what Keyfleet does.

RBAC cannot say "only Secrets with this label": it knows names, not content. So whoever steals the
account's token could delete any Secret of the namespaces it may write to, or have Kubernetes fill
in a token of another ServiceAccount. This policy judges that account alone and nobody else.
"""

from typing import Any

from keyfleet.kube.resources import ADMISSION_BINDINGS, ADMISSION_POLICIES, SECRETS
from keyfleet.manifests.rights import KEY_SECRET, KUBE_SYSTEM, SEALING_KEY_LABEL
from keyfleet.manifests.roles import ACCOUNTS
from keyfleet.model.ownership import HUB_LABEL, SYSTEM_NAMESPACE
from keyfleet.model.v1alpha1.limits import SPECIAL_TYPES

Manifest = dict[str, Any]

NAME = "secrets.member.keyfleet.io"


def member_policy(keys_in: str = KUBE_SYSTEM) -> list[Manifest]:
    """Return the policy and its binding; they hold for both accounts of Keyfleet.

    Args:
        keys_in: Namespace of the sealing keys: the only one where any may be made.
    """
    accounts = dict.fromkeys(ACCOUNTS.values())
    users = [f"'system:serviceaccount:{SYSTEM_NAMESPACE}:{name}'" for name in accounts]
    key = f"request.namespace == '{SYSTEM_NAMESPACE}' && request.name == '{KEY_SECRET}'"
    rule = {
        "apiGroups": [SECRETS.group],
        "apiVersions": [SECRETS.version],
        "operations": ["CREATE", "UPDATE", "DELETE"],
        "resources": [SECRETS.plural],
    }
    policy = {
        "apiVersion": ADMISSION_POLICIES.api_version,
        "kind": ADMISSION_POLICIES.kind,
        "metadata": {"name": NAME},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [rule]},
            "matchConditions": [
                {
                    "name": "keyfleet",
                    "expression": f"request.userInfo.username in [{', '.join(users)}]",
                },
                {"name": "not-the-key", "expression": f"!({key})"},
            ],
            "variables": [
                {"name": "before", "expression": _is_marked("oldObject")},
                {"name": "after", "expression": _is_marked("object")},
                {"name": "sealingKey", "expression": _is_new_sealing_key(keys_in)},
            ],
            "validations": _validations(),
        },
    }
    binding = {
        "apiVersion": ADMISSION_BINDINGS.api_version,
        "kind": ADMISSION_BINDINGS.kind,
        "metadata": {"name": NAME},
        "spec": {"policyName": NAME, "validationActions": ["Deny"]},
    }
    return [policy, binding]


def _validations() -> list[Manifest]:
    types = ", ".join(f"'{name}'" for name in sorted(SPECIAL_TYPES))
    return [
        {
            "expression": "variables.before || variables.after || variables.sealingKey",
            "message": f"Keyfleet writes only Secrets with the label {HUB_LABEL}",
            "reason": "Forbidden",
        },
        {
            "expression": f"request.operation == 'DELETE' || !(object.type in [{types}])",
            "message": "Keyfleet never delivers Secrets of this type",
            "reason": "Forbidden",
        },
        {
            "expression": f"request.namespace != '{SYSTEM_NAMESPACE}'",
            "message": f"Keyfleet never delivers to {SYSTEM_NAMESPACE}",
            "reason": "Forbidden",
        },
    ]


def _is_new_sealing_key(namespace: str) -> str:
    # Made where none is and never changed: upstream's controller may take it over as it is.
    return (
        f"request.operation == 'CREATE' && request.namespace == '{namespace}'"
        " && object.type == 'kubernetes.io/tls' && has(object.metadata.labels)"
        f" && '{SEALING_KEY_LABEL}' in object.metadata.labels"
    )


def _is_marked(which: str) -> str:
    return (
        f"{which} != null && has({which}.metadata.labels)"
        f" && '{HUB_LABEL}' in {which}.metadata.labels"
    )
