# SPDX-License-Identifier: Apache-2.0
"""The commands that look at and steer a running controller."""

import signal
from pathlib import Path

import msgspec
import pytest
from tests.e2e.harness import Objects, Program, Running, eventually


@pytest.fixture
def db(controller: Running, keyfleet: Program, objects: Objects) -> str:
    """A FleetSecret that was delivered to east and west; its name."""
    assert controller.process.poll() is None
    objects.secret("hub", "src", {"password": "one"})
    objects.declare("db", "src", "east", "west")
    assert keyfleet("wait", f"{objects.namespace}/db", "--timeout", "60s").code == 0
    return f"{objects.namespace}/db"


def test_status_of_a_delivered_secret(keyfleet: Program, objects: Objects, db: str) -> None:
    assert keyfleet("status", db, "--check").code == 0
    found = keyfleet("status", "-n", objects.namespace, "-o", "json").json()["items"]
    assert [item["name"] for item in found] == ["db"]
    assert {c["name"]: c["state"] for c in found[0]["clusters"]} == {
        "east": "InSync",
        "west": "InSync",
    }
    assert all(cluster["propagationMs"] >= 0 for cluster in found[0]["clusters"])
    wide = keyfleet("status", db, "-o", "wide").out
    assert len([line for line in wide.splitlines() if line.startswith(db)]) == 2
    assert "ms" in wide


def test_names_can_be_piped(keyfleet: Program, objects: Objects, db: str) -> None:
    names = keyfleet("-o", "name", "status", "-n", objects.namespace).out.split()
    assert names == [db]
    assert keyfleet("sync", names[0]).code == 0


def test_diff_and_plan_of_the_hub_agree_with_the_controller(keyfleet: Program, db: str) -> None:
    for command in ("plan", "diff"):
        found = keyfleet(command, db)
        assert (found.code, found.err) == (0, "")


def test_why_names_the_rule(keyfleet: Program, db: str) -> None:
    there = keyfleet("why", db, "-c", "west")
    assert there.code == 0
    assert "It is there" in there.out
    absent = keyfleet("why", db, "-c", "hub", "-o", "json").json()["clusters"][0]
    assert absent["exists"] is False
    rules = {r["rule"]: r["holds"] for r in absent["candidates"][0]["considered"]}
    assert rules["placement.clusters"] is False


def test_sync_repairs_and_tells(keyfleet: Program, objects: Objects, db: str) -> None:
    objects.delete("west", "db")
    found = keyfleet("sync", db, "-o", "json")
    assert found.code == 0
    (item,) = found.json()["items"]
    assert {cluster["state"] for cluster in item["clusters"]} == {"InSync"}
    assert objects.read("west", "db") == {"password": "one"}


def test_a_conflict_is_told_by_sync_status_and_wait(
    controller: Running, keyfleet: Program, objects: Objects
) -> None:
    assert controller.process.poll() is None
    objects.secret("hub", "src", {"password": "one"})
    objects.secret("west", "db", {"other": "mine"})
    objects.declare("db", "src", "east", "west")
    name = f"{objects.namespace}/db"
    assert keyfleet("sync", name).code == 7
    assert keyfleet("status", name, "--check").code == 1
    waited = keyfleet("wait", name, "--timeout", "1s")
    assert waited.code == 5
    assert "west is Conflict" in waited.err
    assert keyfleet("wait", name, "-c", "east", "--timeout", "60s").code == 0
    assert objects.read("west", "db") == {"other": "mine"}


def test_wait_begins_before_the_declaration(
    controller: Running, keyfleet: Program, objects: Objects
) -> None:
    assert controller.process.poll() is None
    objects.secret("hub", "src", {"password": "one"})
    with keyfleet.running("wait", f"{objects.namespace}/db") as waiting:
        assert waiting.process.poll() is None
        objects.declare("db", "src", "east")
        assert waiting.process.wait(60) == 0


def test_wait_until_it_is_gone(keyfleet: Program, objects: Objects, db: str) -> None:
    with keyfleet.running("wait", db, "--for", "Gone") as waiting:
        objects.delete("hub", "db", "fleetsecrets")
        assert waiting.process.wait(60) == 0
    eventually(lambda: objects.read("west", "db") is None)


def test_ctrl_c_ends_a_wait_with_130(
    controller: Running, keyfleet: Program, objects: Objects
) -> None:
    assert controller.process.poll() is None
    with keyfleet.running("-v", "wait", f"{objects.namespace}/nothing") as waiting:
        eventually(lambda: _is_connected(waiting))
        assert waiting.stop(signal.SIGINT) == 130
        assert "Traceback" not in waiting.log.read_text()


def _is_connected(running: Running) -> bool:
    # Past the imports: SIGINT during those is Python's own affair.
    descriptors = Path(f"/proc/{running.process.pid}/fd")
    try:
        return sum("socket" in str(found.readlink()) for found in descriptors.iterdir()) >= 2
    except FileNotFoundError:
        # One was closed while they were looked at.
        return False


def test_apply_leaves_declared_secrets_to_the_controller(
    keyfleet: Program, objects: Objects, db: str
) -> None:
    path = keyfleet.folder / "db.json"
    path.write_bytes(msgspec.json.encode(objects.manifest("db", "src", "west")))
    found = keyfleet("apply", "-f", str(path))
    assert found.code == 7
    assert db in found.err
    assert "kubectl apply" in found.err


def test_an_annotated_secret_is_looked_at_live(
    controller: Running, keyfleet: Program, objects: Objects
) -> None:
    assert controller.process.poll() is None
    marks = {"keyfleet.io/enabled": "true", "keyfleet.io/targets": "east"}
    objects.secret("hub", "app", {"password": "one"}, annotations=marks)
    name = f"{objects.namespace}/app"
    assert keyfleet("wait", name, "--timeout", "60s").code == 0
    assert objects.read("east", "app") == {"password": "one"}
    (item,) = keyfleet("status", name, "-o", "json").json()["items"]
    assert (item["kind"], item["ready"]) == ("Secret", "True")
    objects.delete("east", "app")
    assert keyfleet("sync", name).code == 0
    assert objects.read("east", "app") == {"password": "one"}
    assert "Secret" in keyfleet("why", name, "-c", "east").out


def test_an_unknown_secret_is_2(controller: Running, keyfleet: Program) -> None:
    assert controller.process.poll() is None
    for command in ("status", "sync"):
        found = keyfleet(command, "nowhere/nothing")
        assert found.code == 2
        assert "nowhere/nothing" in found.err
    assert keyfleet("why", "nowhere/nothing").code == 0


def test_clusters_lists_the_fleet(controller: Running, keyfleet: Program) -> None:
    assert controller.process.poll() is None
    found = keyfleet("clusters", "-o", "json").json()["items"]
    assert {"hub", "east", "west"} <= {item["name"] for item in found}
    assert {item["ready"] for item in found if item["name"] in ("hub", "east", "west")} == {"True"}
    assert keyfleet("clusters", "-c", "we*", "-o", "name").out == "west\n"


@pytest.mark.parametrize("environ", [{"LANG": "C"}, {"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_plain_settings_give_pure_ascii(
    keyfleet: Program, db: str, environ: dict[str, str]
) -> None:
    for command in (
        ("status", "-o", "wide"),
        ("plan", db),
        ("why", db),
        ("clusters", "-o", "wide"),
    ):
        found = keyfleet(*command, **environ)
        assert (found.out + found.err).isascii()


def test_global_flags_stand_anywhere(keyfleet: Program, kubeconfig: object, db: str) -> None:
    flags = ("--kubeconfig", str(kubeconfig), "--hub", "hub", "-o", "json")
    before = keyfleet(*flags, "why", db)
    after = keyfleet("why", db, *flags)
    assert before.json() == after.json()
