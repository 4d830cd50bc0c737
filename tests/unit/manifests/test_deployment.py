# SPDX-License-Identifier: Apache-2.0
"""The controller's Deployment agrees with the controller."""

from keyfleet.engine.engine import CLOSING_S, LAST_WORDS_S
from keyfleet.kube.lease import RELEASE_S
from keyfleet.manifests.deployment import GRACE_S, PORT, deployment
from keyfleet.observe.listen import parse_listen

SPEC = deployment("keyfleet:test")["spec"]
POD = SPEC["template"]["spec"]
(CONTAINER,) = POD["containers"]


def test_an_orderly_end_fits_into_the_grace() -> None:
    assert CLOSING_S + LAST_WORDS_S + RELEASE_S < GRACE_S
    assert POD["terminationGracePeriodSeconds"] == GRACE_S


def test_listens_on_the_pods_address_of_either_family() -> None:
    listen = CONTAINER["args"][1].removeprefix("--listen=")
    for address in ("10.1.2.3", "fd00::7"):
        found = parse_listen(listen.replace("$(POD_IP)", address))
        assert (found.host, found.port) == (address, PORT)
    assert CONTAINER["ports"] == [{"name": "metrics", "containerPort": PORT, "protocol": "TCP"}]


def test_the_selector_meets_its_own_pods() -> None:
    labels = SPEC["template"]["metadata"]["labels"]
    assert SPEC["selector"]["matchLabels"].items() <= labels.items()
    assert CONTAINER["image"] == "keyfleet:test"


def test_has_no_privilege_to_lose() -> None:
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert POD["securityContext"]["runAsUser"] != 0
    context = CONTAINER["securityContext"]
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["readOnlyRootFilesystem"] is True
    assert context["allowPrivilegeEscalation"] is False
    assert context["privileged"] is False
    assert "volumes" not in POD
