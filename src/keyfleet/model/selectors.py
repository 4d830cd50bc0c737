# SPDX-License-Identifier: Apache-2.0
"""Kubernetes label selectors, as objects and as text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")

_PREFIX = r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?"
_KEY = rf"(?:{_PREFIX}/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?"
_VALUE = r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?"
_KEY_RE = re.compile(_KEY)
_VALUE_RE = re.compile(_VALUE)
_TERM = re.compile(
    rf"\s*(?:(?P<absent>!)\s*(?P<absent_key>{_KEY})"
    rf"|(?P<set_key>{_KEY})\s+(?P<set>in|notin)\s*\((?P<values>[^()]*)\)"
    rf"|(?P<key>{_KEY})\s*(?P<op>==|!=|=)\s*(?P<value>{_VALUE})"
    rf"|(?P<exists>{_KEY}))\s*"
)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on one label."""

    key: str
    operator: str
    """One of `OPERATORS`."""
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether the labels satisfy this; `NotIn` is also true of a missing label."""
        value = labels.get(self.key)
        match self.operator:
            case "In":
                return value is not None and value in self.values
            case "NotIn":
                return value is None or value not in self.values
            case "Exists":
                return value is not None
            case _:
                return value is None

    def __str__(self) -> str:
        match self.operator:
            case "Exists":
                return self.key
            case "DoesNotExist":
                return f"!{self.key}"
            case "In" if len(self.values) == 1:
                return f"{self.key}={self.values[0]}"
            case _:
                return f"{self.key} {self.operator.lower()} ({','.join(self.values)})"


@dataclass(frozen=True, slots=True)
class Selector:
    """All requirements must hold; what an empty one means is up to its user."""

    requirements: tuple[Requirement, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is required."""
        return not self.requirements

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether every requirement holds."""
        return all(requirement.matches(labels) for requirement in self.requirements)

    def __str__(self) -> str:
        return ",".join(str(requirement) for requirement in self.requirements)


def requirement_problem(requirement: Requirement) -> str:
    """Return what is wrong with a requirement, empty when nothing is.

    Source: Kubernetes 1.36, `metav1.LabelSelector` validation.
    """
    if not _KEY_RE.fullmatch(requirement.key):
        return "not a label key"
    if requirement.operator not in OPERATORS:
        return f"operator must be one of {', '.join(OPERATORS)}"
    if requirement.operator in ("In", "NotIn") and not requirement.values:
        return f"{requirement.operator} needs values"
    if requirement.operator not in ("In", "NotIn") and requirement.values:
        return f"{requirement.operator} takes no values"
    if not all(_VALUE_RE.fullmatch(value) for value in requirement.values):
        return "not a label value"
    return ""


def parse_selector(text: str) -> Selector:
    """Return the selector of kubectl's text form.

    >>> str(parse_selector("env=prod, tier in (a,b), !legacy"))
    'env=prod,tier in (a,b),!legacy'

    Raises:
        ValueError: The text is no selector; it is not quoted.
    """
    requirements = []
    position = 0
    while position < len(text):
        found = _TERM.match(text, position)
        if found is None:
            raise ValueError("not a label selector")  # noqa: TRY003 - callers add the subject
        requirements.append(_requirement(found))
        position = found.end()
        if position < len(text):
            if text[position] != "," or not text[position + 1 :].strip():
                raise ValueError("not a label selector")  # noqa: TRY003 - callers add the subject
            position += 1
    return Selector(tuple(requirements))


def _requirement(found: re.Match[str]) -> Requirement:
    if found["absent"]:
        return Requirement(found["absent_key"], "DoesNotExist")
    if found["exists"]:
        return Requirement(found["exists"], "Exists")
    if found["set"]:
        values = tuple(value.strip() for value in found["values"].split(","))
        requirement = Requirement(
            found["set_key"], "In" if found["set"] == "in" else "NotIn", values
        )
    else:
        operator = "NotIn" if found["op"] == "!=" else "In"
        requirement = Requirement(found["key"], operator, (found["value"],))
    if problem := requirement_problem(requirement):
        raise ValueError(problem)
    return requirement
