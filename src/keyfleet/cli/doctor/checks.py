# SPDX-License-Identifier: Apache-2.0
"""What `doctor` says of the facts: small pure checks in two lists."""

from keyfleet.cli.doctor.clusterchecks import CLUSTER_CHECKS, login, reachable
from keyfleet.cli.doctor.facts import Ailment, Chart, Severity
from keyfleet.cli.doctor.fleetchecks import FLEET_CHECKS


def examine(chart: Chart) -> list[Ailment]:
    """Return everything that was found, the worst first."""
    found = [one for check in FLEET_CHECKS for one in check(chart)]
    for sheet in chart.clusters:
        checks = CLUSTER_CHECKS if sheet.problem is None else (reachable, login)
        found += [one for check in checks for one in check(sheet, chart)]
    order = list(Severity)
    return sorted(found, key=lambda one: (order.index(one.severity), one.subject, one.check))
