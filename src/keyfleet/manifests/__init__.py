# SPDX-License-Identifier: Apache-2.0
"""What `install` applies to a hub, made from the native types.

Order and waiting: `everything` lists the admission policies before the CRDs, so that no object can
come in unchecked while its CRD is new. A policy is in force shortly after it was written (0.7 s
measured, 2 s on an API server that has just started); `probes` gives objects to create with
`dryRun=All` once the CRDs are Established: the installation is ready when each is refused with 422.
"""

from keyfleet.manifests.admission import admission_policies, probes
from keyfleet.manifests.crds import crds
from keyfleet.manifests.everything import SYSTEM_NAMESPACE, everything, namespace

__all__ = [
    "SYSTEM_NAMESPACE",
    "admission_policies",
    "crds",
    "everything",
    "namespace",
    "probes",
]
