# SPDX-License-Identifier: Apache-2.0
"""Several credentials presented together, such as a token over a client certificate; or none."""

from collections.abc import Mapping
from dataclasses import dataclass

from keyfleet.kube.access import ClientCertificate, Credential


@dataclass(frozen=True, slots=True)
class Combined:
    """Present all `parts`; without parts this is the anonymous login."""

    parts: tuple[Credential, ...] = ()

    async def headers(self) -> Mapping[str, str]:
        """Return the headers of all parts."""
        merged: dict[str, str] = {}
        for part in self.parts:
            merged.update(await part.headers())
        return merged

    async def certificate(self) -> ClientCertificate | None:
        """Return the first certificate that a part has."""
        for part in self.parts:
            if certificate := await part.certificate():
                return certificate
        return None

    async def rejected(self) -> bool:
        """Tell every part; trying again helps when it helps for one of them."""
        answers = [await part.rejected() for part in self.parts]
        return any(answers)


def combined(*parts: Credential | None) -> Credential:
    """Return one credential for those parts that are there."""
    present = tuple(part for part in parts if part is not None)
    return present[0] if len(present) == 1 else Combined(present)
