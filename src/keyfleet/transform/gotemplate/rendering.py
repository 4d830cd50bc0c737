# SPDX-License-Identifier: Apache-2.0
"""Renders templates: the way in. What was compiled is kept, since most render again and again."""

from collections import OrderedDict
from datetime import datetime
from random import SystemRandom
from threading import Lock
from typing import Any, Final, NamedTuple, Protocol

from keyfleet.base.clock import SystemClock
from keyfleet.transform.gotemplate.compiling.compiler import Compiled
from keyfleet.transform.gotemplate.errors import BudgetError, TemplateError
from keyfleet.transform.gotemplate.fields import MissingKey
from keyfleet.transform.gotemplate.functions import function_set
from keyfleet.transform.gotemplate.parsing.parser import parse
from keyfleet.transform.gotemplate.reads import Resolver
from keyfleet.transform.gotemplate.roots import go_string, root_value
from keyfleet.transform.gotemplate.run import Random, Run


class Now(Protocol):
    """Tells the time; a `keyfleet.base.clock.Clock` does."""

    def now(self) -> datetime:
        """Return the wall clock, in UTC."""
        ...


class Kind(NamedTuple):
    """What a template's text is compiled to depends on, besides the text."""

    functions: str = "core"
    """A function set's name."""
    name: str = "t"
    """The template's, which its own definitions may not take."""
    left: str = "{{"
    right: str = "}}"


class Cache:
    """Compiled templates, the least recently used of which make room."""

    def __init__(self, limit: int) -> None:
        """Begin, empty; the limit is in bytes, of all templates together."""
        self._limit = limit
        self._kept: OrderedDict[tuple[str, Kind], Compiled] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def get(self, key: tuple[str, Kind]) -> Compiled | None:
        """Return a template that is kept."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: tuple[str, Kind], compiled: Compiled) -> None:
        """Keep a template, as long as there is room."""
        with self._lock:
            if key not in self._kept:
                self._size += compiled.size_bytes
                self._kept[key] = compiled
            while self._size > self._limit:
                _, old = self._kept.popitem(last=False)
                self._size -= old.size_bytes


_CACHE: Final = Cache(32 << 20)


def compiled(text: str, kind: Kind) -> Compiled:
    """Return a template ready to be executed.

    Raises:
        TemplateError: It is none.
        KeyError: There is no such function set.
    """
    key = (text, kind)
    found = _CACHE.get(key)
    if found is None:
        found = _compile(text, kind)
        _CACHE.put(key, found)
    return found


def _compile(text: str, kind: Kind) -> Compiled:
    functions = function_set(kind.functions)
    tree = parse(
        go_string(text), name=go_string(kind.name),
        left=go_string(kind.left), right=go_string(kind.right), functions=functions,
    )  # fmt: skip
    return Compiled(tree, functions)


def render(  # noqa: PLR0913 - each is a setting of Go's engine or of the place it runs in
    text: str,
    data: Any,
    *,
    functions: str = "core",
    missingkey: MissingKey = "default",
    name: str = "t",
    left: str = "{{",
    right: str = "}}",
    string_map: bool = False,
    clock: Now | None = None,
    random: Random | None = None,
    resolver: Resolver | None = None,
) -> str:
    """Return a template's text.

    Args:
        text: The template.
        data: JSON-like: dict, list, str, int, float, bool, None; bytes are strings too.
        functions: The function set: one of `functions.NAMES`.
        missingkey: What a missing key of a map gives: "default", "zero" or "error".
        name: The template's name, for errors.
        left: What begins an action; empty means the default.
        right: What ends it.
        string_map: The data is a mapping of strings, Go's `map[string]string`.
        clock: For functions that ask for the time; the system's by default.
        random: For functions that make random values and keys; the system's by default.
        resolver: For templates that read secrets by themselves, see `reads.in_passes`.
    Returns:
        The text; bytes that are no UTF-8 are surrogates (`surrogateescape`).
    Raises:
        TemplateError: It cannot be parsed or executed; the text holds none of the data.
        KeyError: There is no such function set.
    """
    template = compiled(text, Kind(functions, name, left, right))
    run = Run(now=(clock or SystemClock()).now, random=random or SystemRandom(), resolver=resolver)
    try:
        root = root_value(data, strings=string_map)
    except BudgetError as error:
        message = f"template: {template.name}: {error.shown('')}"
        raise TemplateError(message, stage="exec", line=1, name=template.name) from None
    return template.execute(root, run, missing=missingkey)
