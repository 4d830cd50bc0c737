# SPDX-License-Identifier: Apache-2.0
"""Where the controller of a cluster answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceName:
    """The Service of a controller."""

    namespace: str = "kube-system"
    name: str = "sealed-secrets-controller"
