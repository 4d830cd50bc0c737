# SPDX-License-Identifier: Apache-2.0
"""What stands in the way, for the person, on standard error."""

from collections.abc import Iterable, Sequence

from keyfleet.cli.options import Common
from keyfleet.cli.planned import target_name
from keyfleet.cli.terminal import note
from keyfleet.model.places import Place
from keyfleet.model.plan import Finding

NAMES_SHOWN = 3


def tell_findings(found: Iterable[tuple[Place, Finding | None]], common: Common) -> None:
    """Say each finding with what would change it; programs read it in the document."""
    if common.is_machine_readable:
        return
    places: dict[Finding, list[str]] = {}
    for place, finding in found:
        if finding is not None:
            places.setdefault(finding, []).append(target_name(place))
    for finding, names in places.items():
        note(f"{finding.state}, {finding.reason}: {finding.message} [{_some(names)}]")
        for line in finding.excerpt:
            note(line)
        if finding.hint:
            note(f"Hint: {finding.hint}")


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
