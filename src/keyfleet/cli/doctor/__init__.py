# SPDX-License-Identifier: Apache-2.0
"""`keyfleet doctor`."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from cyclopts import Parameter

from keyfleet.base.clock import timestamp
from keyfleet.cli.choosing import chosen_clusters
from keyfleet.cli.doctor.checks import examine
from keyfleet.cli.doctor.facts import Ailment, Chart, ClusterSheet, Severity
from keyfleet.cli.doctor.gather import cluster_sheets, hub_sheet
from keyfleet.cli.doctor.watches import watch_ages
from keyfleet.cli.exits import Exit
from keyfleet.cli.hub import open_hub
from keyfleet.cli.members import open_members
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import Answer, show
from keyfleet.cli.sealing.certificates.service import KUBE_SYSTEM, KeyNamespace
from keyfleet.cli.tables import Column


async def doctor(
    *,
    metrics: Annotated[str, Parameter(metavar="URL")] = "",
    key_namespace: KeyNamespace = KUBE_SYSTEM,
    common: Common = NO_OPTIONS,
) -> Exit:
    """Look for what is wrong, or will be: clusters, credentials, rights, clocks, orphans.

    Changes nothing. Works with only a kubeconfig, too; what cannot be asked is said. Exit code 1:
    something was found. -o wide shows notes, too; -o json each cluster's figures.

    Args:
        metrics: The controller's metrics page, such as http://127.0.0.1:8080/metrics: how long its
            watches have been silent.
        key_namespace: Where the clusters keep their sealing keys; default kube-system.
    """
    ages = await watch_ages(metrics) if metrics else {}
    async with (
        open_hub(common) as hub,
        open_members(hub, key_namespace=key_namespace) as members,
    ):
        sheet = replace(await hub_sheet(hub, members), watch_ages=ages)
        facts = members.live.facts()
        chosen = chosen_clusters(facts, common)
        names = [each.name for each in facts if chosen is None or each.name in chosen]
        contacts = await members.contact(names)
        sheets = await cluster_sheets(contacts, hub, members, sheet)
        chart = Chart(hub.clock.now(), sheet, sheets)
    found = examine(chart)
    show(doctor_answer(found, chart, wide=common.is_wide), common)
    return Exit.FINDINGS if any(one.is_finding for one in found) else Exit.DONE


_COLUMNS = tuple(map(Column, ("SEVERITY", "CHECK", "OBJECT", "FOUND", "DO")))


def doctor_answer(found: Sequence[Ailment], chart: Chart, *, wide: bool) -> Answer:
    """Return what was found in every format; notes are in the table only with `-o wide`."""
    shown = [one for one in found if wide or one.is_finding]
    return Answer(
        columns=_COLUMNS,
        rows=[
            (one.severity.value, one.check, one.subject, one.message, one.advice) for one in shown
        ],
        document={
            "findings": [_ailment(one) for one in found],
            "clusters": [_sheet(sheet) for sheet in chart.clusters],
            "installed": chart.hub.is_installed,
        },
        names=[one.subject for one in found if one.is_finding],
        summary=_summary(found, chart),
    )


def _ailment(one: Ailment) -> dict[str, str]:
    document = {
        "severity": one.severity.value,
        "check": one.check,
        "object": one.subject,
        "message": one.message,
        "advice": one.advice,
    }
    return {name: text for name, text in document.items() if text}


def _sheet(sheet: ClusterSheet) -> dict[str, Any]:
    rights = sheet.rights
    document = {
        "name": sheet.name,
        "reachable": sheet.problem is None,
        "hub": sheet.is_hub or None,
        "uid": sheet.uid,
        "version": sheet.version,
        "latencyMs": round(sheet.latency_s * 1000) if sheet.problem is None else None,
        "clockOffsetSeconds": _rounded(sheet.clock_offset_s),
        "login": sheet.login.kind if sheet.login else None,
        "certificateEnds": _moment(sheet.login.certificate_ends if sheet.login else None),
        "tokenEnds": _moment(sheet.login.token_ends if sheet.login else None),
        "rightsHeld": sum(rights.values()) if rights is not None else None,
        "rightsNeeded": len(rights) if rights is not None else None,
        "targets": len(sheet.targets) if sheet.targets is not None else None,
    }
    return {name: value for name, value in document.items() if value not in (None, "")}


def _moment(moment: datetime | None) -> str | None:
    return timestamp(moment) if moment is not None else None


def _summary(found: Sequence[Ailment], chart: Chart) -> str:
    counts = Counter(one.severity for one in found)
    clusters = len(chart.clusters)
    parts = [f"{clusters} cluster{'s' if clusters != 1 else ''}"]
    for severity, word in ((Severity.ERROR, "error"), (Severity.WARNING, "warning")):
        count = counts[severity]
        parts.append(f"{count} {word}{'s' if count != 1 else ''}")
    notes = counts[Severity.NOTE]
    parts.append(f"{notes} note{'s' if notes != 1 else ''} (-o wide shows them)" if notes else "")
    return ", ".join(filter(None, parts))


def _rounded(offset: float | None) -> float | None:
    return round(offset, 1) if offset is not None else None
