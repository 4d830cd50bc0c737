# SPDX-License-Identifier: Apache-2.0
"""Flags of `run` that say where the API that kubeseal asks is served, and how often it may be.

Source: compat/sealed-secrets.md 3.6.
"""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from keyfleet.base.errors import InvalidInputError
from keyfleet.engine.sealing.api.rate import Rate

MIN_RATE, MAX_RATE = 0.001, 1_000_000


def _flag(name: str, metavar: str) -> Parameter:
    variable = "KEYFLEET_" + name.removeprefix("--").upper().replace("-", "_")
    return Parameter(name=name, metavar=metavar, env_var=variable)


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class ApiOptions:
    """Where the sealing API is served, and how often one requester may ask it."""

    listen: Annotated[str, _flag("--sealed-secrets-listen", "ADDRESS")] = ""
    """Address for the API that kubeseal asks: /v1/cert.pem, /v1/verify and /v1/rotate with the
    hub's keys, the same below /clusters/NAME; default: not served. Whoever reaches it may use
    it."""
    per_second: Annotated[float, _flag("--sealed-secrets-rate-limit", "NUMBER")] = 2.0
    """How often a second one requester may verify, and rotate; default 2."""
    burst: Annotated[int, _flag("--sealed-secrets-rate-limit-burst", "NUMBER")] = 2
    """How many at once besides; default 2."""

    @property
    def rate(self) -> Rate:
        """How often one requester may ask.

        Raises:
            InvalidInputError: `cli.usage`: never, or endlessly often.
        """
        flag = "--sealed-secrets-rate-limit"
        if not MIN_RATE <= self.per_second <= MAX_RATE:
            raise InvalidInputError("cli.usage", f"must be from {MIN_RATE} to {MAX_RATE}", flag)
        if not 0 <= self.burst <= MAX_RATE:
            raise InvalidInputError("cli.usage", f"must be from 0 to {MAX_RATE}", f"{flag}-burst")
        return Rate(self.per_second, self.burst)


NO_API_OPTIONS = ApiOptions()
