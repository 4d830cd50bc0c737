# SPDX-License-Identifier: Apache-2.0
"""Which slot a variable's name means, at each place of a definition.

Go searches a stack of names whenever a template runs; that search gives the same at every run, so
it is done once, here.
"""

from keyfleet.transform.gotemplate.compiling.frame import ROOT_SLOT


class Slots:
    """The variables of one definition."""

    def __init__(self) -> None:
        """Begin with `$`."""
        self._declared: list[tuple[str, int]] = []
        """Without `$`, in order."""
        self._by_name: dict[str, list[int]] = {"$": [ROOT_SLOT]}
        """The innermost last."""
        self.size = 1
        """How many slots the definition needs."""

    def reserve(self) -> int:
        """Return a slot that has no name."""
        self.size += 1
        return self.size - 1

    def declare(self, name: str) -> int:
        """Return the slot of a new variable."""
        slot = self.reserve()
        self._declared.append((name, slot))
        self._by_name.setdefault(name, []).append(slot)
        return slot

    def find(self, name: str) -> int | None:
        """Return the slot of the innermost variable of that name, None where there is none."""
        slots = self._by_name.get(name)
        return slots[-1] if slots else None

    def latest(self, count: int) -> list[int]:
        """Return the slots of the variables that were declared last, in order."""
        return [slot for _, slot in self._declared[len(self._declared) - count :]]

    def mark(self) -> int:
        """Return where the definition is, for `leave`."""
        return len(self._declared)

    def leave(self, mark: int) -> None:
        """Forget the variables that were declared since."""
        while len(self._declared) > mark:
            name, _ = self._declared.pop()
            self._by_name[name].pop()
