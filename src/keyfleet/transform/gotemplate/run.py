# SPDX-License-Identifier: Apache-2.0
"""What one render may use, and what it has used.

A template is written by somebody who may be hostile. Steps bound its time: every node, every
iteration and every call costs one, and so does each KiB that a call works on. What a call makes is
bounded *before* it is made, because nothing can interrupt it in between.
Source: docs/compat/go-templates.md 15.
"""

from collections.abc import Callable, Sized
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from keyfleet.transform.gotemplate.errors import BudgetError
from keyfleet.transform.gotemplate.reads import Resolver

_SMALL = 256
"""Sizes up to this are not counted: the step that made them pays."""
_FEW = 16
"""Elements of a container, likewise."""
_STEPS_OF_A_SLOW_HASH = 8000
"""Hashes and steps together have to end in time."""
_PER_STEP = 1024
"""Characters or elements of an argument that cost a step."""
_PER_STEP_WALKED = 50
"""The same where Python, not C, looks at every one of them."""


class Random(Protocol):
    """Where random bytes come from; `random.SystemRandom` and, in tests, `random.Random`."""

    def randbytes(self, n: int) -> bytes:
        """Return n random bytes."""
        ...

    def randrange(self, start: int, stop: int) -> int:
        """Return an integer from start up to, not including, stop."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one render."""

    steps: int = 100_000
    memory_bytes: int = 48 << 20
    """All that is ever made, whether still held or not."""
    string_bytes: int = 8 << 20
    elements: int = 100_000
    """Of one list or map."""
    output_bytes: int = 4 << 20
    depth: int = 200
    """Of containers in containers, wherever they are walked."""
    templates: int = 250
    """Of templates that call templates."""
    generated_keys: int = 4
    slow_hashes: int = 8
    """bcrypt, scrypt and their like."""


DEFAULT_LIMITS = Limits()


class Run:
    """The budget, clock and random source of one render."""

    __slots__ = (
        "_generated_keys", "_memory", "_slow_hashes", "depth", "execute", "limits", "now", "random",
        "resolver", "scratch", "steps",
    )  # fmt: skip

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        random: Random,
        limits: Limits = DEFAULT_LIMITS,
        resolver: Resolver | None = None,
    ) -> None:
        """Start.

        Args:
            now: The wall clock, in UTC.
            random: For random functions and generated keys.
            limits: What the render may use.
            resolver: For templates that read secrets by themselves; without one they fail.
        """
        self.limits = limits
        self.now = now
        self.random = random
        self.steps = limits.steps
        """Left."""
        self.depth = 0
        """Of templates that call templates, now."""
        self.resolver = resolver
        self.execute: Callable[[str, Any], str] | None = None
        """Gives the text of a definition, by its name and dot; the evaluator sets it."""
        self.scratch: dict[str, Any] = {}
        """What functions keep for this render, by their name."""
        self._memory = limits.memory_bytes
        self._generated_keys = limits.generated_keys
        self._slow_hashes = limits.slow_hashes

    @property
    def is_spent(self) -> bool:
        """Tell whether more steps or memory were wanted than there are."""
        return self.steps < 0 or self._memory < 0

    def step(self, count: int = 1) -> None:
        """Pay for work.

        Raises:
            BudgetError: No step is left.
        """
        self.steps -= count
        if self.steps < 0:
            raise BudgetError(f"the template takes more than {self.limits.steps} steps")

    def work_on(self, argument: Any) -> None:
        """Pay for a call that walks over its argument."""
        if isinstance(argument, Sized):
            size = len(argument)
            if size > _SMALL:
                self.step(size // _PER_STEP + 1)

    def walk(self, count: int) -> None:
        """Pay for a loop in Python over so many characters or elements."""
        self.step(count // _PER_STEP_WALKED)

    def will_make(self, size_bytes: int) -> None:
        """Announce a string of this size, before it is made.

        Raises:
            BudgetError: It is too long, or all together is too much.
        """
        if size_bytes > self.limits.string_bytes:
            raise BudgetError(f"a string longer than {self.limits.string_bytes} bytes")
        self._allocate(size_bytes)

    def will_hold(self, count: int) -> None:
        """Announce a list or map of so many elements, before it is made.

        Raises:
            BudgetError: They are too many, or all together is too much.
        """
        if count > self.limits.elements:
            raise BudgetError(f"a list of more than {self.limits.elements} elements")
        self._allocate(count * 64)

    def has_made(self, result: Any) -> None:
        """Account for a result that was bounded by its arguments."""
        kind = type(result)
        if kind is str or kind is bytes:
            size = len(result)
            if size > _SMALL:
                # A string with one character above U+FFFF takes four bytes for each of them.
                self.will_make(size if kind is bytes or result.isascii() else 4 * size)
        elif isinstance(result, list | dict) and len(result) > _FEW:
            self.will_hold(len(result))

    def check_depth(self, depth: int) -> None:
        """Refuse containers nested too deeply, such as one that holds itself.

        Raises:
            BudgetError: Deeper than the limit.
        """
        if depth > self.limits.depth:
            raise BudgetError(f"values nested deeper than {self.limits.depth}")

    def generate_key(self) -> None:
        """Pay for one generated private key.

        Raises:
            BudgetError: There were enough of them.
        """
        self._generated_keys -= 1
        if self._generated_keys < 0:
            raise BudgetError(f"more than {self.limits.generated_keys} generated keys")

    def hash_slowly(self) -> None:
        """Pay for one hash that is slow on purpose.

        Raises:
            BudgetError: There were enough of them.
        """
        self._slow_hashes -= 1
        if self._slow_hashes < 0:
            raise BudgetError(f"more than {self.limits.slow_hashes} slow hashes")
        self.step(_STEPS_OF_A_SLOW_HASH)

    def _allocate(self, size_bytes: int) -> None:
        self._memory -= size_bytes
        if self._memory < 0:
            raise BudgetError(f"the template makes more than {self.limits.memory_bytes} bytes")


class Text:
    """Collects the pieces of a string and stops before it grows past a bound."""

    __slots__ = ("_limit", "_run", "_size", "pieces")

    def __init__(self, run: Run, limit: int = 0) -> None:
        """Begin; `limit` in bytes, by default that of any string."""
        self.pieces: list[str] = []
        self._run = run
        self._limit = limit or run.limits.string_bytes
        self._size = 0

    def add(self, piece: str) -> None:
        """Append.

        Raises:
            BudgetError: The text would be too long.
        """
        self._size += len(piece) if piece.isascii() else 4 * len(piece)
        if self._size > self._limit:
            raise BudgetError(f"a text longer than {self._limit} bytes")
        self.pieces.append(piece)

    def whole(self) -> str:
        """Return it all."""
        text = "".join(self.pieces)
        if text.isascii():
            return text
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
