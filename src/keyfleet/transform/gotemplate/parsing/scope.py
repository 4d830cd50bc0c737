# SPDX-License-Identifier: Apache-2.0
"""Which variables exist where the parser is.

Source: docs/compat/go-templates.md 6.
"""

from collections import Counter


class Scope:
    """The variables of one definition, each with its `$`."""

    __slots__ = ("_counts", "_names")

    def __init__(self) -> None:
        """Begin with `$` alone."""
        self._names = ["$"]
        self._counts = Counter(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._counts and self._counts[str(name)] > 0

    def declare(self, name: str) -> None:
        """Add a variable, which may hide another of its name."""
        self._names.append(name)
        self._counts[name] += 1

    def mark(self) -> int:
        """Return what `forget` goes back to."""
        return len(self._names)

    def forget(self, mark: int) -> None:
        """Drop what was declared since the mark."""
        while len(self._names) > mark:
            self._counts[self._names.pop()] -= 1
