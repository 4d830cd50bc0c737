# SPDX-License-Identifier: Apache-2.0
"""The tree of a YAML document, before anything is made of it.

libyaml finds the events; the tree is built here, without recursion and paid for as it grows.
Source: docs/compat/go-templates.md 15, 20.3.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import yaml

from keyfleet.transform.gotemplate.errors import BudgetError, Data, GoError
from keyfleet.transform.gotemplate.formats.yaml.dialect import Dialect
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import encoded

_LONGEST: Final = 2 << 20
_PARSER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DIRECTIVES_MAX: Final = 100
"""libyaml compares each of them with all before it."""
_IS_LIBYAML: Final = _PARSER is not yaml.SafeLoader
_TAG: Final = "tag:yaml.org,2002:"

Kind = Literal["scalar", "list", "mapping", "alias"]


@dataclass(slots=True)
class Node:
    """One value of a document."""

    kind: Kind
    line: int
    """From 1."""
    tag: str = ""
    """As written: `!!int`, `!own`; empty without one."""
    text: str = ""
    """Of a scalar; the name of an alias."""
    is_plain: bool = False
    """Without quotes."""
    children: list["Node"] = field(default_factory=list)
    """Of a mapping a key and its value by turns."""
    target: "Node | None" = None
    """What an alias stands for."""


def first_document(run: Run, text: str, dialect: Dialect) -> Node | None:
    """Return the tree of the first document, None where there is none.

    Raises:
        GoError: It is not YAML; `yaml: line 3: ...`.
        BudgetError: It is too long or too deep.
    """
    if len(text) > _LONGEST:
        raise BudgetError("a YAML document longer than 2 MiB")
    if text.count("%TAG") > _DIRECTIVES_MAX:
        raise BudgetError("a YAML document with too many %TAG directives")
    run.step(len(text) // 512)
    return _Composer(run).composed(_events(text, dialect))


def _events(text: str, dialect: Dialect) -> Iterator[Any]:
    try:
        yield from yaml.parse(encoded(text), Loader=_PARSER)
    except yaml.MarkedYAMLError as error:
        problem = _problem(error, dialect)
    except yaml.reader.ReaderError as error:
        problem = GoError(f"yaml: {error.reason}")
    except (yaml.YAMLError, UnicodeError, ValueError):
        problem = GoError("yaml: not valid")
    else:
        return
    raise problem


def _problem(error: Any, dialect: Dialect) -> GoError:
    marks = [error.problem_mark, error.context_mark]
    if dialect.reports_beginnings:
        marks.reverse()
    line = next((mark.line for mark in marks if mark is not None and mark.line), 0)
    if line:
        line += isinstance(error, yaml.scanner.ScannerError)
    where = f"line {line}: " if line else ""
    problem = error.problem or "unknown problem parsing YAML content"
    # libyaml's texts are constant; those of the parser in Python quote the document.
    return GoError(f"yaml: {where}", problem if _IS_LIBYAML else Data(problem))


class _Composer:
    """Makes the tree of the events."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._anchors: dict[str, Node] = {}
        self._open: list[Node] = []
        self._root: Node | None = None

    def composed(self, events: Iterator[Any]) -> Node | None:
        """Return the root of the first document."""
        for event in events:
            if isinstance(event, yaml.DocumentEndEvent):
                return self._root
            self._take(event)
        return None

    def _take(self, event: Any) -> None:
        if isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
        elif isinstance(event, yaml.DocumentStartEvent):
            if event.version not in (None, (1, 1)):
                raise GoError("yaml: found incompatible YAML document")
        elif isinstance(event, yaml.NodeEvent):
            self._run.step()
            self._add(event, self._node(event))

    def _node(self, event: Any) -> Node:
        line = event.start_mark.line + 1
        match event:
            case yaml.AliasEvent():
                return self._alias(str(event.anchor), line)
            case yaml.ScalarEvent():
                return Node("scalar", line, _tag(event), event.value, is_plain=event.implicit[0])
            case yaml.SequenceStartEvent():
                return Node("list", line, _tag(event))
            case _:
                return Node("mapping", line, _tag(event))

    def _alias(self, name: str, line: int) -> Node:
        if name not in self._anchors:
            raise GoError("yaml: unknown anchor '", Data(name), "' referenced")
        return Node("alias", line, text=name, target=self._anchors[name])

    def _add(self, event: Any, node: Node) -> None:
        if node.kind != "alias" and event.anchor:
            self._anchors[event.anchor] = node
        if self._open:
            self._open[-1].children.append(node)
        else:
            self._root = node
        if node.kind in ("list", "mapping"):
            self._open.append(node)
            self._run.check_depth(len(self._open))


def _tag(event: Any) -> str:
    tag: str = event.tag or ""
    return f"!!{tag.removeprefix(_TAG)}" if tag.startswith(_TAG) else tag
