# SPDX-License-Identifier: Apache-2.0
"""Bad input: one clear error with file, line and path, exit code 2, nothing written."""

import pytest
from tests.e2e.harness import Objects, Program

from keyfleet.testing.canary import CANARY_PREFIX

GOOD = """\
apiVersion: keyfleet.io/v1alpha1
kind: FleetSecret
metadata: {name: db, namespace: NAMESPACE}
spec:
  source: {secretRef: {name: src}}
  placement:
    clusters: {names: [west]}
"""
VALUE = f"{CANARY_PREFIX}in-a-file"
BAD = {
    "invalid YAML": (GOOD + f"  bad: [{VALUE}\n", "line 9"),
    "unknown field": (GOOD.replace("names:", "exlude: [a], names:"), ":7: spec.placement.clusters"),
    "wrong type": (GOOD.replace("[west]", VALUE), ":7: spec.placement.clusters.names"),
    "empty": ("", ""),
    "duplicate key": (GOOD + f"spec: {VALUE}\n", "line 8"),
    "other kind": ("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", ":2: kind"),
    "unknown cluster": (GOOD.replace("[west]", "[wset]"), ":7: spec.placement.clusters.names"),
    "two keys of one name": (
        GOOD + "  data: [{from: a, to: x}, {from: b, to: x}]\n",
        ":8: spec.data[1]",
    ),
}


@pytest.mark.parametrize("command", ["apply", "plan", "diff"])
@pytest.mark.parametrize("case", BAD)
def test_bad_files(keyfleet: Program, objects: Objects, command: str, case: str) -> None:
    """The good file before the bad one is not carried out either."""
    text, place = BAD[case]
    objects.secret("east", "src", {"password": "one"})
    good, bad = keyfleet.folder / "a.yaml", keyfleet.folder / "b.yaml"
    good.write_text(GOOD.replace("NAMESPACE", objects.namespace).replace("name: db", "name: good"))
    bad.write_text(text.replace("NAMESPACE", objects.namespace))
    found = keyfleet(command, "-f", str(good), "-f", str(bad), "--context", "east")
    assert found.code == 2
    assert found.out == ""
    assert f"{bad}" in found.err
    assert place in found.err
    assert found.err.count("Error:") == 1
    assert objects.read("west", "good") is None
    assert objects.read("west", "db") is None


def test_other_bytes(keyfleet: Program) -> None:
    path = keyfleet.folder / "b.yaml"
    path.write_bytes(b"kind: \xff\xfe\n")
    found = keyfleet("apply", "-f", str(path))
    assert found.code == 2
    assert f"{path}" in found.err
    assert "line 1" in found.err


def test_a_broken_kubeconfig_is_2(keyfleet: Program) -> None:
    path = keyfleet.folder / "config"
    path.write_text(f"clusters: [{VALUE}")
    found = keyfleet("status", "--kubeconfig", str(path))
    assert found.code == 2
    assert str(path) in found.err
