# SPDX-License-Identifier: Apache-2.0
"""All that a hub needs, in the order to apply it."""

from typing import Any

from keyfleet.kube.resources import NAMESPACES
from keyfleet.manifests.admission import admission_policies
from keyfleet.manifests.crds import crds
from keyfleet.model.ownership import MANAGED_BY, MANAGED_BY_LABEL, SYSTEM_NAMESPACE

__all__ = ["DEFAULT_DOMAIN", "DOMAIN_ANNOTATION", "SYSTEM_NAMESPACE", "everything", "namespace"]

DEFAULT_DOMAIN = "keyfleet.io"
DOMAIN_ANNOTATION = "keyfleet.io/annotation-domain"

# Nothing but the controller runs there, and it needs no more: whoever may make pods there, as a
# mistake or an attack, gets no privileged one beside the key.
_POD_SECURITY = {"pod-security.kubernetes.io/enforce": "restricted"}


def namespace(domain: str = DEFAULT_DOMAIN) -> dict[str, Any]:
    """Return the namespace of Keyfleet's own objects.

    Args:
        domain: Annotation domain of this installation; noted on the namespace, so that a command
            line elsewhere reads annotated Secrets as the controller does. Empty: not noted, for a
            cluster that is no hub, or whose own installation noted it.
    """
    noted = {"annotations": {DOMAIN_ANNOTATION: domain}} if domain else {}
    return {
        "apiVersion": NAMESPACES.api_version,
        "kind": NAMESPACES.kind,
        "metadata": {
            "name": SYSTEM_NAMESPACE,
            "labels": {MANAGED_BY_LABEL: MANAGED_BY, **_POD_SECURITY},
            **noted,
        },
    }


def everything(domain: str = DEFAULT_DOMAIN) -> list[dict[str, Any]]:
    """Return what `install` applies: namespace, admission policies, CRDs.

    Annotated Secrets need no policy: whoever may write a Secret's annotations gets the Secret in
    the answer, and so may read it.
    """
    return [namespace(domain), *admission_policies(), *crds()]
