# SPDX-License-Identifier: Apache-2.0
"""The kinds Keyfleet talks about and where the API server serves them."""

from dataclasses import dataclass
from urllib.parse import quote

GROUP = "keyfleet.io"
VERSION = "v1alpha1"


@dataclass(frozen=True, slots=True)
class Resource:
    """One served kind."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """`group/version`, or `version` in the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def label(self) -> str:
        """`plural.group`, as kubectl names a kind; for logs and metrics."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, *, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """Return the URL path below the server.

        >>> SECRETS.path(namespace="a", name="b")
        '/api/v1/namespaces/a/secrets/b'
        """
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        place = f"/namespaces/{_quoted(namespace)}" if namespace and self.namespaced else ""
        tail = "".join(f"/{_quoted(part)}" for part in (name, subresource) if part)
        return f"{root}{place}/{self.plural}{tail}"


def _quoted(part: str) -> str:
    # Nearly every name is one that may stand as it is; `quote` takes ten times as long to see it.
    return part if part.isascii() and part.replace("-", "").isalnum() else quote(part, safe="")


SECRETS = Resource("", "v1", "secrets", "Secret")
NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
CONFIGMAPS = Resource("", "v1", "configmaps", "ConfigMap")
SERVICE_ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount")
EVENTS = Resource("events.k8s.io", "v1", "events", "Event")
LEASES = Resource("coordination.k8s.io", "v1", "leases", "Lease")
CRDS = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", False
)
ADMISSION_POLICIES = Resource(
    "admissionregistration.k8s.io",
    "v1",
    "validatingadmissionpolicies",
    "ValidatingAdmissionPolicy",
    False,
)
ADMISSION_BINDINGS = Resource(
    "admissionregistration.k8s.io",
    "v1",
    "validatingadmissionpolicybindings",
    "ValidatingAdmissionPolicyBinding",
    False,
)
ACCESS_REVIEWS = Resource(
    "authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", False
)
SELF_REVIEWS = Resource(
    "authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", False
)
FLEETCLUSTERS = Resource(GROUP, VERSION, "fleetclusters", "FleetCluster", namespaced=False)
FLEETSECRETS = Resource(GROUP, VERSION, "fleetsecrets", "FleetSecret")
FLEETPOLICIES = Resource(GROUP, VERSION, "fleetpolicies", "FleetPolicy", namespaced=False)
SEALEDSECRETS = Resource("bitnami.com", "v1alpha1", "sealedsecrets", "SealedSecret")
ESO_GROUP = "external-secrets.io"
EXTERNALSECRETS = Resource(ESO_GROUP, "v1", "externalsecrets", "ExternalSecret")
SECRETSTORES = Resource(ESO_GROUP, "v1", "secretstores", "SecretStore")
CLUSTERSECRETSTORES = Resource(
    ESO_GROUP, "v1", "clustersecretstores", "ClusterSecretStore", namespaced=False
)
CLUSTEREXTERNALSECRETS = Resource(
    ESO_GROUP, "v1", "clusterexternalsecrets", "ClusterExternalSecret", namespaced=False
)
ESO_VERSIONS = ("v1beta1",)
"""Further versions of these kinds; upstream serves them no more, manifests still use them."""
_GENERATORS_GROUP, _GENERATORS_VERSION = "generators.external-secrets.io", "v1alpha1"
CLUSTERGENERATORS = Resource(
    _GENERATORS_GROUP, _GENERATORS_VERSION, "clustergenerators", "ClusterGenerator", False
)
GENERATORS = tuple(
    Resource(_GENERATORS_GROUP, _GENERATORS_VERSION, plural, kind)
    for plural, kind in (
        ("passwords", "Password"),
        ("uuids", "UUID"),
        ("fakes", "Fake"),
        ("sshkeys", "SSHKey"),
        ("vaultdynamicsecrets", "VaultDynamicSecret"),
    )
)
"""The kinds that make values and are served, in a namespace."""
