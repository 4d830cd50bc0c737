# SPDX-License-Identifier: Apache-2.0
"""Which objects of a kind a list or watch means."""

from collections.abc import Callable
from dataclasses import dataclass

from keyfleet.model.selectors import Selector, parse_selector
from keyfleet.testing.memoryplane.refusals import bad_request
from keyfleet.testing.memoryplane.store import Stored

Field = Callable[[Stored], str]


def _type(stored: Stored) -> str:
    return str(stored.document.get("type", ""))


_FIELDS: dict[str, Field] = {
    "metadata.name": lambda stored: str(stored.metadata["name"]),
    "metadata.namespace": lambda stored: str(stored.metadata.get("namespace", "")),
    "type": _type,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A namespace, a label selector and field requirements."""

    namespace: str = ""
    labels: Selector = Selector()
    fields: tuple[tuple[str, str], ...] = ()

    def takes(self, stored: Stored) -> bool:
        """Tell whether an object is meant."""
        metadata = stored.metadata
        if self.namespace and metadata.get("namespace", "") != self.namespace:
            return False
        if not self.labels.is_empty and not self.labels.matches(metadata.get("labels") or {}):
            return False
        return all(_FIELDS[name](stored) == value for name, value in self.fields)


def choice_of(namespace: str, labels: str, fields: str) -> Choice:
    """Return the choice that the parameters of a request make.

    Raises:
        RefusalError: 400, not a selector, or a field that cannot be selected by.
    """
    try:
        selector = parse_selector(labels)
    except ValueError:
        raise bad_request() from None
    pairs = []
    for part in filter(None, fields.split(",")):
        name, _, value = part.replace("==", "=").partition("=")
        if name not in _FIELDS:
            raise bad_request()
        pairs.append((name, value))
    return Choice(namespace, selector, tuple(pairs))
