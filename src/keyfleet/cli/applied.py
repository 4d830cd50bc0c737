# SPDX-License-Identifier: Apache-2.0
"""What `apply` did, for people and programs; pure."""

from collections import Counter
from collections.abc import Sequence

from keyfleet.cli.output import Answer
from keyfleet.cli.planned import finding_document, step_document, target_name
from keyfleet.cli.tables import Column
from keyfleet.engine.oneshot import Delivery
from keyfleet.model.plan import Verb

_COLUMNS = (
    Column("SECRET"),
    Column("TARGET"),
    Column("RESULT"),
    Column("REASON"),
    Column("MESSAGE", is_wide=True),
)
_DONE = {
    Verb.CREATE: "created",
    Verb.UPDATE: "updated",
    Verb.RECREATE: "made anew",
    Verb.DELETE: "deleted",
    Verb.RELEASE: "released",
    Verb.NONE: "unchanged",
}


def applied_answer(deliveries: Sequence[Delivery]) -> Answer:
    """Return what came of each target in every format."""
    counts = Counter(map(_result, deliveries))
    return Answer(
        columns=_COLUMNS,
        rows=[_row(delivery) for delivery in deliveries],
        document={
            "targets": [
                {
                    **step_document(delivery.step),
                    "result": _result(delivery),
                    **finding_document(delivery.finding),
                }
                for delivery in deliveries
            ],
            "summary": dict(sorted(counts.items())),
        },
        names=[target_name(delivery.step.place) for delivery in deliveries if delivery.wrote],
        summary=", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
        or "nothing is declared",
    )


def _row(delivery: Delivery) -> tuple[str, ...]:
    key, finding = delivery.step.intent, delivery.finding
    reason, message = (finding.reason, finding.message) if finding else ("", "")
    secret = f"{key.namespace}/{key.name}"
    return (secret, target_name(delivery.step.place), _result(delivery), reason, message)


def _result(delivery: Delivery) -> str:
    if delivery.finding is not None:
        return delivery.finding.state.value
    return _DONE[delivery.step.verb if delivery.wrote else Verb.NONE]
