# SPDX-License-Identifier: Apache-2.0
"""Mass deletions as a person meets them: held, listed, shown, let go."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from tests.e2e.harness import Objects, Program, Running, eventually

NAMES = [f"db-{number:02}" for number in range(12)]
SIDES = ("east", "west")


@pytest.fixture
def many(controller: Running, objects: Objects) -> Objects:
    """Twelve FleetSecrets that are delivered to two clusters."""
    assert controller.process.poll() is None
    objects.secret("hub", "src", {"password": "one"})
    for name in NAMES:
        objects.declare(name, "src", *SIDES)
    eventually(lambda: left(objects) == 24)
    return objects


def waiting(keyfleet: Program) -> list[dict[str, Any]]:
    found = keyfleet("approve", "-o", "json")
    assert found.code == 0
    plans: list[dict[str, Any]] = found.json()["plans"]
    return plans


def delete_all(objects: Objects) -> None:
    """Delete the FleetSecrets at once: of a trickle the first ten may go."""
    objects.fleet.planes["hub"].api.must("DELETE", objects.path("fleetsecrets"))


def left(objects: Objects) -> int:
    return sum(objects.read(side, name) is not None for side in SIDES for name in NAMES)


def test_fleetsecrets_deleted_in_bulk_wait_for_a_person(keyfleet: Program, many: Objects) -> None:
    assert "nothing waits" in keyfleet("approve").out
    delete_all(many)
    eventually(lambda: [plan["total"] for plan in waiting(keyfleet)] == [24])
    (plan,) = waiting(keyfleet)
    assert left(many) == 24
    assert plan["id"] in keyfleet("approve", "-o", "name").out
    assert f"keyfleet approve {plan['id']}" in keyfleet("why", f"{many.namespace}/db-00").out
    assert "keyfleet approve" in keyfleet("status", "-n", many.namespace).err

    asked = keyfleet("approve", plan["id"])
    assert (asked.code, "nobody is there to ask" in asked.err) == (2, True)
    assert asked.err.count("delete ") == 24
    assert left(many) == 24

    done = keyfleet("approve", plan["id"], "--yes", "-o", "json")
    assert done.code == 0
    assert done.json()["plans"][0]["result"] == "approved, 24 going"
    eventually(lambda: left(many) == 0)
    assert waiting(keyfleet) == []
    again = keyfleet("approve", plan["id"], "--yes")
    assert (again.code, "not held any more" in again.err) == (3, True)


def test_a_plan_that_was_undone_is_gone(keyfleet: Program, many: Objects) -> None:
    delete_all(many)
    eventually(lambda: [plan["total"] for plan in waiting(keyfleet)] == [24])
    # Of what is left when most of them are back, the rest may go: all come back together.
    with ThreadPoolExecutor(len(NAMES)) as pool:
        list(pool.map(lambda name: many.declare(name, "src", *SIDES), NAMES))
    eventually(lambda: not waiting(keyfleet))
    eventually(lambda: left(many) == 24)


def test_a_laptop_obeys_the_same_limits(keyfleet: Program, objects: Objects) -> None:
    keyfleet.environ["KEYFLEET_CONTEXT"] = "east"
    objects.secret("east", "src", {"password": "one"})
    path = keyfleet.folder / "many.yaml"

    def write(*clusters: str) -> str:
        found = [objects.manifest(name, "src", *clusters) for name in NAMES]
        path.write_bytes(b"\n---\n".join(map(msgspec.json.encode, found)))
        return str(path)

    assert keyfleet("apply", "-f", write("west", "hub")).code == 0
    held = keyfleet("apply", "-f", write("hub"), "--prune", "-o", "json")
    assert held.code == 6
    reasons = {target.get("reason") for target in held.json()["targets"]}
    assert reasons == {"DeletionHeld", None}
    told = keyfleet("apply", "-f", str(path), "--prune")
    assert told.code == 6
    id_ = told.err.partition("--approve ")[2].split()[0]
    assert objects.read("west", "db-00") is not None
    assert keyfleet("apply", "-f", str(path), "--prune", "--approve", "0000000000").code == 6
    assert keyfleet("apply", "-f", str(path), "--prune", "--approve", id_).code == 0
    assert [objects.read("west", name) for name in NAMES] == [None] * 12
    assert objects.read("hub", "db-00") == {"password": "one"}
