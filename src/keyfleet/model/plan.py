# SPDX-License-Identifier: Apache-2.0
"""What a decision says: one step per target, with the reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from keyfleet.base.secret import SecretValue
from keyfleet.model.dress import OwnerReference
from keyfleet.model.places import IntentKey, Place

if TYPE_CHECKING:
    # It brings cryptography along, and the states are all that every command needs.
    from keyfleet.model.sealed import SealedForm


class State(StrEnum):
    """The one list of states; `severity` orders them, worst first."""

    FAILED = "Failed"
    CONFLICT = "Conflict"
    REFUSED = "Refused"
    UNREACHABLE = "Unreachable"
    HELD = "Held"
    PENDING = "Pending"
    PAUSED = "Paused"
    IN_SYNC = "InSync"

    @property
    def severity(self) -> int:
        """0 is the worst."""
        return _SEVERITY[self]


_SEVERITY = {state: place for place, state in enumerate(State)}


class Verb(StrEnum):
    """What a step does to its target."""

    CREATE = "create"
    UPDATE = "update"
    RECREATE = "recreate"
    """Delete it and create it again, where it cannot be changed."""
    DELETE = "delete"
    RELEASE = "release"
    """Leave it in place and let it go."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a target is not simply delivered."""

    state: State
    reason: str
    """CamelCase."""
    message: str
    """What happened and on what; constant text plus names, never values."""
    hint: str = ""
    """The edit or command that would change it."""
    rule: str = ""
    """Name of the policy or check that decided."""
    excerpt: tuple[str, ...] = ()
    """The line of a template that is wrong, with a caret; for people at a command line."""
    withdraws: bool = False
    """What was delivered here is to be deleted, not only left without further values."""

    @property
    def advice(self) -> str:
        """What happened and what would change it, in one line."""
        return f"{self.message}; {self.hint}" if self.hint else self.message


@dataclass(frozen=True, slots=True)
class Write:
    """The change to make, so that delivery needs no further decision."""

    type: str
    data: Mapping[str, SecretValue] | None = None
    """The whole new data; None leaves it alone."""
    labels: Mapping[str, str | None] = field(default_factory=dict)
    """None removes the label."""
    annotations: Mapping[str, str | None] = field(default_factory=dict)
    has_labels: bool = True
    """The live object has a label map; without one it must be made."""
    has_annotations: bool = True
    owners: tuple[OwnerReference, ...] | None = None
    """All owner references it shall have; None leaves them alone."""
    finalizers: tuple[str, ...] | None = None
    """All finalizers it shall have; None leaves them alone."""
    is_immutable: bool = False
    """Make it immutable."""
    field_manager: str = ""
    """Name under which it is written; empty is Keyfleet's own."""
    sealed: "SealedForm | None" = None
    """How the data is sealed; None: it is written as it is."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference, for people: a key, a label or the type."""

    kind: str
    """`key`, `label`, `annotation`, `type`."""
    name: str
    sign: str
    """`+` new, `-` removed, `~` changed, `=` same."""
    before: str = ""
    """Shown fingerprint (keys) or plain text (type)."""
    after: str = ""
    before_size: int | None = None
    after_size: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """The decision about one target."""

    intent: IntentKey
    place: Place
    verb: Verb
    finding: Finding | None = None
    """Set when the target is not as asked, and why."""
    write: Write | None = None
    uid: str = ""
    """Precondition: the object the decision was about."""
    resource_version: str = ""
    """Precondition: the version the decision was about."""
    revision: int = 0
    changes: tuple[Change, ...] = ()
    fingerprint: str = ""
    """Fingerprint of the data after the step."""
    empties: bool = False
    """It takes away all data of a target that had some: a loss like a deletion."""

    @property
    def writes(self) -> bool:
        """Tell whether delivering this step sends a write."""
        return self.verb is not Verb.NONE

    @property
    def loses(self) -> bool:
        """Tell whether data goes with this step that nothing takes the place of."""
        return self.verb is Verb.DELETE or self.empties


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that would happen for some intents; what `plan` prints and `apply` delivers."""

    steps: tuple[Step, ...] = ()

    @property
    def has_differences(self) -> bool:
        """Tell whether anything would be written."""
        return any(step.writes for step in self.steps)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return what stands in the way, step by step."""
        return tuple(step.finding for step in self.steps if step.finding is not None)
