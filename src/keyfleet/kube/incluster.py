# SPDX-License-Identifier: Apache-2.0
"""Reach the cluster that this very pod runs in, by its service account."""

from collections.abc import Mapping
from pathlib import Path

from keyfleet.base.errors import InvalidInputError
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.files import read_field, read_small
from keyfleet.kube.auth.header import is_token
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.auth.token_file import TokenFile
from keyfleet.kube.kubeconfig_access import checked_ca
from keyfleet.kube.kubeconfig_server import server_url

_SUBJECT = "the pod's service account"


def is_in_cluster(environ: Mapping[str, str]) -> bool:
    """Tell whether this process runs in a pod that knows its API server."""
    return bool(environ.get("KUBERNETES_SERVICE_HOST") and environ.get("KUBERNETES_SERVICE_PORT"))


def in_cluster_access(surroundings: Surroundings) -> Access:
    """Return the access of this pod's service account; its token file is followed.

    A proxy of the environment is not used: the API server is a cluster address.

    Raises:
        InvalidInputError: Not in a pod, or no service account token is mounted.
    """
    environ, mount = surroundings.environ, surroundings.service_account
    if not is_in_cluster(environ):
        raise InvalidInputError(
            "incluster.absent",
            "not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set",
            hint="pass --kubeconfig",
        )
    ca = checked_ca(read_field(mount / "ca.crt", "ca.crt", subject=_SUBJECT), _SUBJECT)
    endpoint = Endpoint(server=_server(environ), ca_pem=ca)
    token = mount / "token"
    if not is_token(read_field(token, "token", subject=_SUBJECT).strip()):
        raise InvalidInputError("incluster.token", "the mounted token is no token", _SUBJECT)
    return Access(
        endpoint,
        TokenFile(token, surroundings.clock, subject=_SUBJECT),
        _namespace(environ, mount),
        generation=f"incluster:{endpoint.server}:{endpoint.ca_sha256}",
    )


def _server(environ: Mapping[str, str]) -> str:
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ["KUBERNETES_SERVICE_PORT"]
    bracketed = f"[{host}]" if ":" in host else host
    return server_url(f"https://{bracketed}:{port}", has_tls=True, subject=_SUBJECT)


def _namespace(environ: Mapping[str, str], mount: Path) -> str:
    if named := environ.get("POD_NAMESPACE"):
        return named
    try:
        return read_small(mount / "namespace").decode().strip() or "default"
    except (OSError, UnicodeDecodeError):
        return "default"
