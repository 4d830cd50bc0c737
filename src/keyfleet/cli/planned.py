# SPDX-License-Identifier: Apache-2.0
"""A plan for people and programs: key names, signs, fingerprints and sizes; pure, no value."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from keyfleet.cli.exits import Exit
from keyfleet.cli.output import Answer
from keyfleet.model.places import CARRIER, SECRET, Place
from keyfleet.model.plan import Change, Finding, State, Step, Verb

NOTHING = "no differences"

_AWAY = (State.FAILED, State.UNREACHABLE)
_WORDS = {
    Verb.CREATE: "to create",
    Verb.UPDATE: "to update",
    Verb.RECREATE: "to make anew",
    Verb.DELETE: "to delete",
    Verb.RELEASE: "to release",
}


def exit_of_plan(steps: Iterable[Step]) -> Exit:
    """Return the code of a command that compares: 3 when somebody could not be asked, 1, or 0."""
    known = list(steps)
    findings = [step.finding for step in known if step.finding is not None]
    if any(finding.state in _AWAY for finding in findings):
        return Exit.FAILED
    is_different = any(step.writes for step in known)
    has_findings = any(finding.state is not State.PAUSED for finding in findings)
    return Exit.FINDINGS if is_different or has_findings else Exit.DONE


def is_different(step: Step) -> bool:
    """Tell whether a step has anything to say."""
    return step.writes or step.finding is not None


def plan_answer(steps: Sequence[Step], *, wide: bool = False) -> Answer:
    """Return a plan in every format; `wide` also shows the keys of what is in sync."""
    return Answer(
        columns=(),
        rows=(),
        document={"steps": [step_document(step) for step in steps], "summary": _counts(steps)},
        names=[target_name(step.place) for step in steps if step.writes],
        summary=_summary(steps),
        text=[line for step in steps for line in _lines(step, wide=wide)],
    )


def target_name(place: Place) -> str:
    """Return a target as one word; a cluster alone where nothing in it is meant."""
    return str(place) if place.namespace else str(place.cluster)


def told_kind(place: Place) -> str:
    """Return what a target is, where that is no Secret."""
    if place.kind == CARRIER:
        return " as SealedSecret on the hub"
    return "" if place.kind == SECRET else f" as {place.kind}"


def _lines(step: Step, *, wide: bool) -> Iterator[str]:
    """Yield one target: what happens to it, then key by key.

    payments/db → east/payments/db: update
      ~ password  d56f2218 (24 B) → 5c65e756 (24 B)
    """
    secret = f"{step.intent.namespace}/{step.intent.name}"
    yield f"{secret} → {target_name(step.place)}{told_kind(step.place)}: {_action(step)}"
    shown = step.changes if wide or is_different(step) else ()
    width = max((len(_subject(change)) for change in shown), default=0)
    for change in shown:
        yield f"  {change.sign} {_subject(change):<{width}}  {_sides(change)}".rstrip()


def _action(step: Step) -> str:
    if step.finding is None:
        return "in sync" if step.verb is Verb.NONE else step.verb.value
    found = f"{step.finding.state}, {step.finding.reason}"
    return f"{step.verb.value} ({found})" if step.writes else found


def _subject(change: Change) -> str:
    return change.name if change.kind in ("key", "type") else f"{change.kind} {change.name}"


def _sides(change: Change) -> str:
    before = _side(change.before, change.before_size)
    after = _side(change.after, change.after_size)
    if change.sign == "~":
        return f"{before} → {after}"
    return before if change.sign == "-" else after


def _side(text: str, size: int | None) -> str:
    return text if size is None else f"{text} ({size} B)"


def _summary(steps: Sequence[Step]) -> str:
    counts = _counts(steps)
    parts = [
        f"{counts[verb.value]} {words}" for verb, words in _WORDS.items() if counts[verb.value]
    ]
    if counts["inSync"]:
        parts.append(f"{counts['inSync']} in sync")
    parts += [f"{count} {state}" for state, count in counts["findings"].items()]
    return ", ".join(parts) or NOTHING


def _counts(steps: Sequence[Step]) -> dict[str, Any]:
    verbs = Counter(step.verb for step in steps)
    findings = Counter(step.finding.state.value for step in steps if step.finding)
    return {
        **{verb.value: verbs[verb] for verb in _WORDS},
        "inSync": sum(not is_different(step) for step in steps),
        "findings": dict(sorted(findings.items())),
    }


def step_document(step: Step) -> dict[str, Any]:
    """Return a step as plain data."""
    return {
        "intent": {
            "kind": step.intent.kind,
            "namespace": step.intent.namespace,
            "name": step.intent.name,
        },
        "cluster": step.place.cluster,
        "namespace": step.place.namespace,
        "name": step.place.name,
        "action": step.verb.value,
        **finding_document(step.finding),
        "changes": [_change_document(change) for change in step.changes],
    }


def finding_document(finding: Finding | None) -> dict[str, Any]:
    """Return why something is not as asked, as plain data; empty when it is."""
    if finding is None:
        return {}
    found = {
        "state": finding.state.value,
        "reason": finding.reason,
        "message": finding.message,
        "hint": finding.hint,
        "rule": finding.rule,
        "excerpt": list(finding.excerpt),
    }
    return {name: text for name, text in found.items() if text}


def _change_document(change: Change) -> dict[str, Any]:
    found = {
        "kind": change.kind,
        "name": change.name,
        "sign": change.sign,
        "before": change.before,
        "after": change.after,
        "beforeSize": change.before_size,
        "afterSize": change.after_size,
    }
    return {name: value for name, value in found.items() if value not in ("", None)}
