# SPDX-License-Identifier: Apache-2.0
"""Real Kubernetes control planes on this machine: kube-apiserver and etcd, no containers.

`assets` finds or builds the two servers; `plane` starts and stops one control plane under a
`guardian` that ends the servers when their owner dies; `fleet` starts several; `supervise` keeps
them after a command has ended; `proxy` and `faults` put a misbehaving network in front of one. The
demo, the tests and the benchmarks run on these.

There is no controller-manager: nothing collects owned objects, finishes namespaces in deletion or
creates default service accounts (`ControlPlane.finalize_namespace` does the second).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keyfleet.localplane.plane import ControlPlane
    from keyfleet.localplane.proxy import FaultProxy

__all__ = ["ControlPlane", "FaultProxy"]


_HOMES = {"ControlPlane": "plane", "FaultProxy": "proxy"}


def __getattr__(name: str) -> Any:
    # Late, so that `python -m keyfleet.localplane.assets` does not import itself twice.
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(name)
