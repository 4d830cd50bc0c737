# SPDX-License-Identifier: Apache-2.0
"""Where the controller of a cluster answers, and where it keeps its keys.

Upstream keeps both in one namespace, so one flag names it, and kubeseal's variable.
"""

import os
from dataclasses import dataclass
from typing import Annotated, Final

from cyclopts import Parameter

KUBE_SYSTEM: Final = "kube-system"
VARIABLE: Final = "SEALED_SECRETS_CONTROLLER_NAMESPACE"

KeyNamespace = Annotated[
    str,
    Parameter(
        name=["--controller-namespace", "--key-namespace"],
        env_var=VARIABLE,
        show_env_var=False,
        metavar="NAME",
    ),
]
"""Where clusters keep their key Secrets."""


@dataclass(frozen=True, slots=True)
class ServiceName:
    """The Service of a controller."""

    namespace: str = KUBE_SYSTEM
    name: str = "sealed-secrets-controller"


def key_namespace_here() -> str:
    """Return where clusters keep their key Secrets, for commands without a flag for it."""
    return os.environ.get(VARIABLE) or KUBE_SYSTEM
