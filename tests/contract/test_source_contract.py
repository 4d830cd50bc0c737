# SPDX-License-Identifier: Apache-2.0
"""What every source promises: whose rights, what absence is, and that values stay wrapped."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from keyfleet import builtin
from keyfleet.base.errors import (
    DeniedError,
    KeyfleetError,
    SecretNotFoundError,
    TemporaryError,
    UnreachableError,
)
from keyfleet.base.sealing import Keyset, load_certificate, load_key
from keyfleet.base.secret import SecretValue
from keyfleet.kube.objects import Metadata, SecretObject
from keyfleet.model.intent import Read, SecretRef
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.sealed import SealedRead
from keyfleet.plugin import Source
from keyfleet.testing.canary import canary, find_canary
from keyfleet.testing.sealing import key_pair

INTENT = IntentKey("FleetSecret", "pay", "db")
VALUES = {"password": SecretValue(canary("password"))}


@dataclass
class MemoryCluster:
    """The references and the client of a cluster whose Secrets are in memory."""

    secrets: dict[tuple[str, str], SecretObject] = field(default_factory=dict)
    failure: KeyfleetError | None = None

    def cluster(self, name: ClusterName) -> "MemoryCluster":
        del name
        return self

    def keys(self, name: ClusterName) -> Keyset:
        del name
        if self.failure is not None:
            raise self.failure
        return Keyset([load_key(key_pair().key)])

    async def find_secret(self, namespace: str, name: str) -> SecretObject | None:
        if self.failure is not None:
            raise self.failure
        return self.secrets.get((namespace, name))


@dataclass(frozen=True)
class Case:
    """A source with one secret behind it, and how its backend can fail."""

    source: Source
    references: MemoryCluster
    present: Read
    absent: Read | None
    """None: what it reads cannot be absent, since the manifest itself holds it."""


def kubernetes() -> Case:
    metadata = Metadata(name="db", namespace="pay", resource_version="7")
    secret = SecretObject(metadata, "Opaque", VALUES)
    return Case(
        builtin.sources()["kubernetes"],
        MemoryCluster({("pay", "db"): secret}),
        Read("kubernetes", SecretRef("pay", "db")),
        Read("kubernetes", SecretRef("pay", "absent")),
    )


def sealed() -> Case:
    certificate = load_certificate(key_pair().certificate)
    items = {name: certificate.seal(value, b"pay/db") for name, value in VALUES.items()}
    source = builtin.sources()["sealed"]
    return Case(source, MemoryCluster(), Read("sealed", SealedRead("pay", "db", items)), None)


CASES: dict[str, Callable[[], Case]] = {"kubernetes": kubernetes, "sealed": sealed}
NEVER_ABSENT = {"sealed"}


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    """Each source in turn."""
    return CASES[request.param]()


@pytest.fixture(params=sorted(CASES.keys() - NEVER_ABSENT))
def absence(request: pytest.FixtureRequest) -> tuple[Case, Read]:
    """Each source that may lack something, and a read of what is not there."""
    case = CASES[request.param]()
    assert case.absent is not None
    return case, case.absent


async def failure_of(case: Case, read: Read) -> KeyfleetError:
    """Return the error of a read."""
    session = await case.source.open(case.references, INTENT)
    with pytest.raises(KeyfleetError) as caught:
        await session.read(read)
    return caught.value


def test_every_shipped_source_is_held_to_this() -> None:
    assert {name for name, make in CASES.items() if make().absent is None} == NEVER_ABSENT
    assert set(CASES) == set(builtin.sources())
    assert [source.name for source in builtin.sources().values()] == list(builtin.sources())


async def test_says_whose_rights_apply(case: Case) -> None:
    session = await case.source.open(case.references, INTENT)
    assert session.principal


async def test_gives_wrapped_values_and_a_version(case: Case) -> None:
    session = await case.source.open(case.references, INTENT)
    data = await session.read(case.present)
    assert data.entries() == VALUES
    assert data.version
    assert not find_canary(repr(data))


async def test_reading_twice_gives_the_same(case: Case) -> None:
    session = await case.source.open(case.references, INTENT)
    assert await session.read(case.present) == await session.read(case.present)


async def test_only_a_positive_answer_is_absence(absence: tuple[Case, Read]) -> None:
    case, absent = absence
    assert isinstance(await failure_of(case, absent), SecretNotFoundError)


@pytest.mark.parametrize(
    "failure",
    [
        UnreachableError("api.unreachable", "no answer"),
        DeniedError("api.forbidden", "forbidden"),
        TemporaryError("api.throttled", "later"),
    ],
)
async def test_an_error_is_never_absence(case: Case, failure: KeyfleetError) -> None:
    case.references.failure = failure
    error = await failure_of(case, case.present)
    assert not isinstance(error, SecretNotFoundError)
    assert isinstance(error, TemporaryError) == isinstance(failure, TemporaryError)


async def test_what_a_tenant_is_told_does_not_tell_absent_from_forbidden(
    absence: tuple[Case, Read],
) -> None:
    case, absent = absence
    missing = await failure_of(case, absent)
    case.references.failure = DeniedError("api.forbidden", "forbidden")
    forbidden = await failure_of(case, absent)
    assert (forbidden.message, forbidden.hint) == (missing.message, missing.hint)
