# SPDX-License-Identifier: Apache-2.0
"""What `doctor` says of the hub and of the fleet as a whole."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from keyfleet.cli.doctor.facts import Ailment, Chart, Severity, unasked
from keyfleet.cli.doctor.keychecks import shared_keys
from keyfleet.kube.objects import metadata_of

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

SILENT_S = 180.0
"""A bookmark comes every minute, and a watch without one is replaced before this."""

FleetCheck = Callable[[Chart], Iterator[Ailment]]


def installation(chart: Chart) -> Iterator[Ailment]:
    """Is what `install` makes there, and as this version makes it?"""
    hub = chart.hub
    if not hub.is_installed:
        yield Ailment(NOTE, "installed", "hub", "no hub: Keyfleet is used from this machine only")
        return
    for label in hub.missing:
        yield Ailment(ERROR, "installed", "hub", f"{label} is absent", "`keyfleet install`")
    if hub.drifted is None:
        yield unasked("installed", "hub", "what is installed may not be read")
    for label in hub.drifted or ():
        what = f"{label} is not as this version installs it"
        yield Ailment(WARNING, "installed", "hub", what, "`keyfleet install` brings it in line")
    if hub.key_ids is None:
        yield unasked("keys", "hub", "the installation's key may not be read")
    elif not hub.key_ids:
        what = "the installation's key is gone: no copy can be told from a forged one"
        advice = "restore Secret keyfleet-system/keyfleet-fingerprint from a backup"
        yield Ailment(ERROR, "keys", "hub", what, advice)


def controller(chart: Chart) -> Iterator[Ailment]:
    """Does anybody keep it true?"""
    if not chart.hub.is_installed:
        return
    found = chart.hub.leader
    if found is None:
        yield unasked("controller", "hub", "the Lease may not be read")
    elif not found.holder:
        what = "no controller runs: nobody holds Lease keyfleet-system/keyfleet"
        yield Ailment(WARNING, "controller", "hub", what, "`keyfleet run`, or install --controller")
    elif not found.is_fresh and found.renewed is not None:
        what = f"controller {found.holder} was last heard {_ago(chart.now - found.renewed)} ago"
        yield Ailment(ERROR, "controller", "hub", what, "start it again; look at its log")


def _ago(age: timedelta) -> str:
    seconds = int(age.total_seconds())
    return f"{seconds // 60} min" if seconds >= 120 else f"{seconds} s"


def seen_by_controller(chart: Chart) -> Iterator[Ailment]:
    """What does the controller itself say of each cluster?"""
    for document in chart.hub.clusters:
        status = document.get("status") or {}
        name = metadata_of(document).name
        ready = next((c for c in status.get("conditions") or () if c.get("type") == "Ready"), None)
        if ready is not None and ready.get("status") != "True" and ready.get("reason"):
            what = f"the controller says {ready['reason']}: {ready.get('message', '')}".rstrip(": ")
            severity = NOTE if ready["reason"] == "Duplicate" else WARNING
            advice = "docs/guides/troubleshooting.md says what to do about the reason"
            yield Ailment(severity, "fleetcluster", name, what, advice)


def watches(chart: Chart) -> Iterator[Ailment]:
    """Does the controller hear of what changes?"""
    for (name, resource), age_s in sorted(chart.hub.watch_ages.items()):
        if age_s > SILENT_S:
            what = f"the controller's watch of {resource} has been silent for {age_s:.0f} s"
            advice = "it is replaced by itself; if it lasts, look at the proxies in between"
            yield Ailment(WARNING, "watch", name, what, advice)


def held_plans(chart: Chart) -> Iterator[Ailment]:
    """Does a deletion wait for a person?"""
    if chart.hub.held is None:
        yield unasked("held", "hub", "held plans may not be read")
    for plan in chart.hub.held or ():
        what = f"{plan.total} deletions of {plan.scope} wait: {plan.message}"
        advice = f"`keyfleet approve {plan.id}` shows them and lets them go"
        yield Ailment(WARNING, "held", plan.id, what, advice)


FLEET_CHECKS: tuple[FleetCheck, ...] = (
    installation,
    controller,
    seen_by_controller,
    watches,
    held_plans,
    shared_keys,
)
