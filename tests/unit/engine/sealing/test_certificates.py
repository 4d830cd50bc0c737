# SPDX-License-Identifier: Apache-2.0
"""What is sealed with for a cluster."""

from datetime import timedelta

import pytest

from keyfleet.base.errors import DeniedError, KeyfleetError, NotReadyError, UnreachableError
from keyfleet.base.sealing import SealingCertificate, load_certificate
from keyfleet.engine.sealing.certificates import cluster_certificate
from keyfleet.model.places import ClusterFacts, ClusterName
from keyfleet.model.plan import Finding, State
from keyfleet.testing.sealing import key_pair

OWN = load_certificate(key_pair("own").certificate)
DECLARED = key_pair("declared").certificate.decode()
EAST = ClusterFacts(ClusterName("east"))
NOW = OWN.not_before + timedelta(hours=1)


class Keys:
    """Says what it was told to say, and how often it was asked."""

    def __init__(self, says: SealingCertificate | KeyfleetError | None) -> None:
        self.says = says
        self.asked = 0

    async def newest(self) -> SealingCertificate | None:
        self.asked += 1
        if isinstance(self.says, KeyfleetError):
            raise self.says
        return self.says


async def reason(keys: Keys, facts: ClusterFacts = EAST) -> tuple[State, str, str]:
    found = await cluster_certificate(facts, keys.newest, now=NOW)
    assert isinstance(found, Finding)
    return found.state, found.reason, found.message


async def test_the_newest_key_is_sealed_with() -> None:
    assert await cluster_certificate(EAST, Keys(OWN).newest, now=NOW) is OWN


async def test_where_a_certificate_is_declared_no_key_is_asked_for() -> None:
    keys, facts = Keys(OWN), ClusterFacts(ClusterName("east"), sealing_certificate=DECLARED)
    found = await cluster_certificate(facts, keys.newest, now=NOW)
    assert isinstance(found, SealingCertificate)
    assert (found.fingerprint != OWN.fingerprint, keys.asked) == (True, 0)


@pytest.mark.parametrize(
    ("says", "part"),
    [
        (None, "it has no sealing key that is in use"),
        (NotReadyError("sealing.keys_unknown", "not known", hint="let it read"), "let it read"),
        (DeniedError("api.forbidden", "it may not be read"), "it may not be read"),
    ],
)
async def test_without_a_key_it_waits_and_says_why(says: KeyfleetError | None, part: str) -> None:
    state, why, message = await reason(Keys(says))
    assert (state, why) == (State.PENDING, "SealingCertificateMissing")
    assert message.endswith(part)


async def test_a_cluster_that_is_away_is_no_finding() -> None:
    with pytest.raises(UnreachableError):
        await reason(Keys(UnreachableError("api.unreachable", "away")))


async def test_what_has_expired_is_not_sealed_with() -> None:
    later = OWN.not_after + timedelta(seconds=1)
    found = await cluster_certificate(EAST, Keys(OWN).newest, now=later)
    assert isinstance(found, Finding)
    assert (found.state, found.reason) == (State.HELD, "SealingCertificateExpired")
