# SPDX-License-Identifier: Apache-2.0
"""What is sealed with for a cluster: the certificate of its declaration, or of its newest key."""

from datetime import datetime

from keyfleet.base.errors import DeniedError
from keyfleet.base.sealing import SealingCertificate
from keyfleet.engine.sealing.keysecrets import DEFAULT_NAMESPACE, list_key_secrets, newest
from keyfleet.kube.client import Client
from keyfleet.model.places import ClusterFacts
from keyfleet.model.plan import Finding
from keyfleet.plan.sealing import certificate_missing, declared_certificate, expired


async def cluster_certificate(
    client: Client, facts: ClusterFacts, *, now: datetime, namespace: str = DEFAULT_NAMESPACE
) -> SealingCertificate | Finding:
    """Return what targets are sealed with in a cluster, or why that cannot be said.

    Raises:
        KeyfleetError: The cluster does not answer.
    """
    found = declared_certificate(facts) or await _newest(client, facts, namespace)
    return found if isinstance(found, Finding) else expired(facts, found, now) or found


async def _newest(
    client: Client, facts: ClusterFacts, namespace: str
) -> SealingCertificate | Finding:
    try:
        keys = await list_key_secrets(client, namespace)
    except DeniedError as error:
        return certificate_missing(facts, f"{error.message} ({error.subject})")
    key = newest(keys.found)
    if key is None:
        return certificate_missing(facts, f"no key is in use in {namespace}")
    return key.certificate
