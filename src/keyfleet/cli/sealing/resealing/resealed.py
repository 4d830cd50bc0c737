# SPDX-License-Identifier: Apache-2.0
"""What `keyfleet reseal` shows; pure, but for notes."""

from collections.abc import Iterator, Sequence
from typing import Any

from keyfleet.base.errors import KeyfleetError, one_line
from keyfleet.cli.options import Common
from keyfleet.cli.output import Answer, counted
from keyfleet.cli.sealing.keyring.ring import short
from keyfleet.cli.sealing.resealing.resealing import Fate, FileOutcome, ItemOutcome
from keyfleet.cli.tables import Column
from keyfleet.cli.terminal import note

_COLUMNS = tuple(map(Column, ("FILE", "CLUSTER", "SECRET", "ITEM", "RESULT", "SEALED-WITH")))


def resealed_answer(outcomes: Sequence[FileOutcome], *, is_dry: bool, is_wide: bool) -> Answer:
    """Return what became of each value; for people, of those that are current only with `wide`."""
    items = [(outcome, item) for outcome in outcomes for item in outcome.items]
    shown = [(one, item) for one, item in items if is_wide or item.fate in _TELLING]
    return Answer(
        columns=_COLUMNS,
        rows=[_row(outcome, item) for outcome, item in shown],
        document={
            "dryRun": is_dry,
            "items": [_document(outcome, item) for outcome, item in items],
            "failures": [
                {"file": str(each.file), **_problem(each.problem)}
                for each in outcomes
                if each.problem is not None
            ],
        },
        names=[str(each.file) for each in outcomes if each.count(Fate.RESEALED)],
        summary=_summary(outcomes, is_dry=is_dry),
    )


_TELLING = (Fate.RESEALED, Fate.FAILED)


def tell_failures(outcomes: Sequence[FileOutcome], common: Common) -> None:
    """Say on standard error what could not be done, each with what to do about it."""
    if common.is_machine_readable:
        return
    for outcome in outcomes:
        for error, place in _failures(outcome):
            note(f"Failed: {one_line(place)}: {error}")
            if error.hint:
                note(f"Hint: {error.hint}")


def _failures(outcome: FileOutcome) -> Iterator[tuple[KeyfleetError, str]]:
    if outcome.problem is not None:
        yield outcome.problem, str(outcome.file)
    told: set[tuple[str, str]] = set()
    for item in outcome.items:
        error = item.problem
        if error is None or (error.code, str(item.document)) in told:
            continue
        told.add((error.code, str(item.document)))
        alike = [
            each.item.name
            for each in outcome.items
            if each.problem is not None
            and (each.problem.code, str(each.document)) == (error.code, str(item.document))
        ]
        yield error, f"{_place(outcome, item)}: {item.document} ({', '.join(alike)})"


def _place(outcome: FileOutcome, item: ItemOutcome) -> str:
    return f"{outcome.file}:{item.item.span.line if item.item.span else item.document.line}"


def _row(outcome: FileOutcome, item: ItemOutcome) -> tuple[str, ...]:
    return (
        *(_place(outcome, item), item.cluster, str(item.document), item.item.name),
        *(_fate(outcome, item), short(item.fingerprint)),
    )


def _fate(outcome: FileOutcome, item: ItemOutcome) -> str:
    # What was sealed, but could not be written, is as it was.
    return Fate.FAILED if outcome.problem is not None else item.fate


def _document(outcome: FileOutcome, item: ItemOutcome) -> dict[str, Any]:
    found: dict[str, Any] = {
        "file": str(outcome.file),
        "line": item.item.span.line if item.item.span else item.document.line,
        "cluster": item.cluster,
        "namespace": item.document.namespace,
        "name": item.document.name,
        "item": item.item.name,
        "result": str(_fate(outcome, item)),
        "sealedWith": item.fingerprint,
    }
    return found if item.problem is None else found | _problem(item.problem)


def _problem(error: KeyfleetError) -> dict[str, str]:
    return {"code": error.code, "message": str(error), "hint": error.hint}


def _summary(outcomes: Sequence[FileOutcome], *, is_dry: bool) -> str:
    files = sum(bool(each.count(Fate.RESEALED)) and each.problem is None for each in outcomes)
    done = sum(each.count(Fate.RESEALED) for each in outcomes if each.problem is None)
    others = [
        f"{number} {word}"
        for fate, word in ((Fate.CURRENT, "current"), (Fate.KEPT, "of other keys"))
        if (number := sum(each.count(fate) for each in outcomes))
    ]
    failed = sum(
        len(each.items) if each.problem is not None else each.count(Fate.FAILED)
        for each in outcomes
    )
    unread = sum(each.problem is not None for each in outcomes)
    verb = "would be resealed" if is_dry else "resealed"
    parts = [f"{counted(done, 'value')} {verb} in {counted(files, 'file')}", *others]
    parts += [f"{failed} failed"] if failed else []
    parts += [f"{counted(unread, 'file')} not done"] if unread else []
    return ", ".join(parts)
