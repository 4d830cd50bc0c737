# SPDX-License-Identifier: Apache-2.0
"""`doctor` looks at everything it may, and what it may not ask harms nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.harness import Objects, Program, Result, Running

from keyfleet.localplane import kubeconfigs
from keyfleet.localplane.fleet import LocalFleet


def of(result: Result, cluster: str) -> list[tuple[str, str]]:
    """Return severity and check of what was found in one cluster."""
    found = result.json()["findings"]
    return [(one["severity"], one["check"]) for one in found if one["object"] == cluster]


def sheet(result: Result, cluster: str) -> dict[str, Any]:
    (found,) = [one for one in result.json()["clusters"] if one["name"] == cluster]
    return dict(found)


def test_a_fleet_that_is_served_is_well_and_shows_no_credential(
    keyfleet: Program, fleet: LocalFleet, controller: Running, objects: Objects
) -> None:
    assert controller.process.poll() is None
    objects.secret("hub", "src", {"password": "one"})
    objects.declare("db", "src", "east")
    assert keyfleet("wait", f"{objects.namespace}/db", "--timeout", "60s").code == 0
    found = keyfleet("doctor", "-c", "hub", "-c", "east", "-o", "json")
    address = controller.says(r"address=(\S+)")[1]
    watched = keyfleet("doctor", "-c", "east", "--metrics", f"http://{address}/metrics")
    assert watched.code in (0, 1), watched.err
    assert keyfleet("doctor", "--metrics", f"http://{address}/healthz").code == 2
    errors = [one for one in found.json()["findings"] if one["severity"] == "error"]
    assert errors == []
    east = sheet(found, "east")
    assert (east["reachable"], east["login"], east["rightsHeld"]) == (
        True,
        "token",
        east["rightsNeeded"],
    )
    assert east["targets"] >= 1
    for plane in fleet.planes.values():
        assert plane.tokens["admin"] not in found.out + found.err


def test_a_cluster_that_is_away_hides_nothing_of_the_others(
    keyfleet: Program, fleet: LocalFleet, tmp_path: Path
) -> None:
    planes = fleet.planes
    gone = planes["west"].kubeconfig(context="gone", url="https://127.0.0.1:9")
    merged = kubeconfigs.merged([planes["east"].kubeconfig(context="east"), gone])
    keyfleet.environ["KUBECONFIG"] = str(kubeconfigs.write(tmp_path / "away", merged))
    found = keyfleet("doctor", "--context", "east", "-o", "json")
    assert found.code == 1
    assert ("error", "reachable") in of(found, "gone")
    assert sheet(found, "east")["reachable"]
    assert not sheet(found, "gone")["reachable"]


def test_missing_rights_are_named_and_the_certificate_has_an_end(
    keyfleet: Program, fleet: LocalFleet, tmp_path: Path
) -> None:
    plane = fleet.planes["east"]
    config = plane.kubeconfig("nobody", [], auth="certificate", context="east")
    keyfleet.environ["KUBECONFIG"] = str(kubeconfigs.write(tmp_path / "nobody", config))
    found = keyfleet("doctor", "-o", "json")
    assert found.code == 1
    assert ("error", "rights") in of(found, "east")
    messages = [one["message"] for one in found.json()["findings"]]
    assert any(text.startswith("may not patch secrets, needed to ") for text in messages)
    east = sheet(found, "east")
    assert (east["login"], "certificateEnds" in east) == ("certificate", True)


@pytest.mark.parametrize("words", [(), ("-o", "wide")])
def test_a_person_reads_a_table(
    keyfleet: Program, write_kubeconfig: Callable[..., Path], fleet: LocalFleet, words: list[str]
) -> None:
    path = write_kubeconfig("one", west=fleet.planes["west"])
    keyfleet.environ["KUBECONFIG"] = str(path)
    found = keyfleet("doctor", *words)
    assert found.code == 0, found.out
    assert "1 cluster, 0 errors, 0 warnings" in found.out
    assert ("this login may do everything" in found.out) is bool(words)


def test_a_hub_that_does_not_answer_is_a_failure_and_no_finding(
    keyfleet: Program, fleet: LocalFleet, tmp_path: Path
) -> None:
    gone = fleet.planes["west"].kubeconfig(context="gone", url="https://127.0.0.1:9")
    keyfleet.environ["KUBECONFIG"] = str(kubeconfigs.write(tmp_path / "gone", gone))
    assert keyfleet("doctor").code == 3
