# SPDX-License-Identifier: Apache-2.0
"""What a login may use of the machine it runs on, passed in by `app`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from keyfleet.base.clock import Clock, SystemClock

UNATTENDED = "nobody is at the terminal"
MOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where kubelet puts token, CA and namespace."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The environment, the time, and whether a person can be asked.

    The defaults are the server's: no environment, nobody to ask, plugins stay silent.
    """

    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The process environment; proxies come from it, and what exec plugins may see of it."""
    clock: Clock = field(default_factory=SystemClock)
    stdin_refused: str = UNATTENDED
    """Why an exec plugin may not ask on standard input; empty means that it may."""
    show_stderr: bool = False
    """Pass the standard error of exec plugins through to ours; only for the operator's CLI."""
    service_account: Path = MOUNT
    """The folder with the token of the pod that this process runs in, if it does."""
