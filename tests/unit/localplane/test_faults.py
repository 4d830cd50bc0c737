# SPDX-License-Identifier: Apache-2.0
"""Which requests are watches and writes, and which a fault takes."""

import pytest

from keyfleet.localplane import faults
from keyfleet.localplane.exchange import Seen

CORE = "/api/v1/namespaces/pay/secrets"
GROUP = "/apis/keyfleet.io/v1alpha1"


def seen(method: str, path: str, **query: str) -> Seen:
    return Seen(method, path, query, at=0.0)


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        (CORE, ("secrets", "pay", "")),
        (f"{CORE}/db", ("secrets", "pay", "db")),
        ("/api/v1/secrets", ("secrets", "", "")),
        ("/api/v1/namespaces", ("namespaces", "", "")),
        ("/api/v1/namespaces/pay", ("namespaces", "", "pay")),
        (f"{GROUP}/namespaces/pay/fleetsecrets/db/status", ("fleetsecrets", "pay", "db")),
        (f"{GROUP}/fleetclusters/east", ("fleetclusters", "", "east")),
        ("/version", ("", "", "")),
        ("/apis", ("", "", "")),
    ],
)
def test_path_names_resource_namespace_and_object(path: str, parts: tuple[str, str, str]) -> None:
    request = seen("GET", path)
    assert (request.resource, request.namespace, request.name) == parts


@pytest.mark.parametrize(
    ("request_", "is_write"),
    [
        (seen("GET", CORE), False),
        (seen("POST", CORE), True),
        (seen("PATCH", f"{CORE}/db"), True),
        (seen("PATCH", f"{CORE}/db", dryRun="All"), False),
        (seen("DELETE", CORE), True),
        (seen("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"), False),
        (seen("POST", "/api/v1/namespaces/pay/serviceaccounts/robot/token"), False),
    ],
)
def test_writes_are_what_changes_objects(request_: Seen, *, is_write: bool) -> None:
    assert request_.is_write is is_write


def test_watches_are_known_by_their_query() -> None:
    assert seen("GET", CORE, watch="true").is_watch
    assert seen("GET", CORE, watch="1").is_watch
    assert not seen("GET", CORE, watch="false").is_watch
    assert not seen("GET", CORE).is_watch


def test_fault_takes_what_it_chooses_as_often_as_told() -> None:
    fault = faults.error(500, when=faults.on("secrets", "POST"), times=2)
    taken = [fault.takes(seen("POST", CORE)) for _ in range(3)]
    assert taken == [True, True, False]
    assert fault.struck == 2
    assert not faults.error(500, when=faults.on("secrets", "POST")).takes(seen("GET", CORE))
