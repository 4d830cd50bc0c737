# SPDX-License-Identifier: Apache-2.0
"""What a template looks at, told from its tree: the paths from the data that it is given.

So that a template that looks at no place is rendered once for the fleet, and one that looks at one
label not anew when another changes. A path covers all below it.
"""

from collections.abc import Iterable, Iterator

from keyfleet.transform.gotemplate.parsing import nodes

Path = tuple[str, ...]
Looks = frozenset[Path]

_INDEXING = frozenset({"index", "get", "hasKey"})
"""Functions of a map and keys of it."""
_ROOT = "$"


def looks_at(template: nodes.Template) -> Looks | None:
    """Return the paths that a template looks at; None when it may look at everything."""
    found: set[Path] = set()
    # Every definition may be called with the whole data.
    waiting: list[tuple[nodes.Node, bool]] = [
        (body, True) for body in template.definitions.values()
    ]
    while waiting:
        node, is_at_root = waiting.pop()
        path = _path(node, is_at_root=is_at_root)
        if path == ():
            return None
        if path is not None:
            found.add(path)
        waiting += _below(node, is_at_root=is_at_root, has_path=path is not None)
    return frozenset(found)


def size_of(template: nodes.Template) -> int:
    """Return how many pieces a template is made of."""
    count, waiting = 0, list[nodes.Node](template.definitions.values())
    while waiting:
        count += 1
        waiting += [part for part, _ in _below(waiting.pop(), is_at_root=True, has_path=False)]
    return count


def functions_of(template: nodes.Template) -> frozenset[str]:
    """Return the names of all functions that a template calls."""
    found: set[str] = set()
    waiting: list[nodes.Node] = [*template.definitions.values()]
    while waiting:
        node = waiting.pop()
        if isinstance(node, nodes.Identifier):
            found.add(node.name)
        waiting += [part for part, _ in _below(node, is_at_root=True, has_path=False)]
    return frozenset(found)


def all_of(found: Iterable[Looks | None]) -> Looks | None:
    """Return what several templates look at together."""
    paths: set[Path] = set()
    for looks in found:
        if looks is None:
            return None
        paths |= looks
    return frozenset(paths)


def _path(node: nodes.Node, *, is_at_root: bool) -> Path | None:
    """Return what one node looks at: `()` is everything, None nothing by itself."""
    match node:
        case nodes.Dot():
            return () if is_at_root else None
        case nodes.Field(names=names):
            return names if is_at_root else None
        case nodes.Variable(name=name, fields=fields):
            return fields if name == _ROOT else None
        case nodes.Command(
            operands=(nodes.Identifier(name=name), start, nodes.String() as key, *_)
        ):
            base = _path(start, is_at_root=is_at_root) if name in _INDEXING else None
            return None if base is None else (*base, key.value)
        case _:
            return None


def _below(
    node: nodes.Node, *, is_at_root: bool, has_path: bool
) -> Iterator[tuple[nodes.Node, bool]]:
    """Yield the parts of a node, and whether the value at hand is the whole data there."""
    match node:
        case nodes.Control():
            yield from _controlled(node, is_at_root=is_at_root)
        case nodes.TemplateCall(pipeline=pipeline):
            # What is handed on whole is looked at by the definition.
            if pipeline is not None and not _is_whole(pipeline):
                yield pipeline, is_at_root
        case nodes.Command(operands=operands):
            # The map that is indexed was accounted for by its key.
            kept = (operands[0], *operands[2:]) if has_path else operands
            yield from ((operand, is_at_root) for operand in kept)
        case nodes.List(nodes=parts) | nodes.Pipeline(commands=parts):
            yield from ((part, is_at_root) for part in parts)
        case nodes.Action(pipeline=part) | nodes.Chain(operand=part):
            yield part, is_at_root


def _controlled(node: nodes.Control, *, is_at_root: bool) -> Iterator[tuple[nodes.Node, bool]]:
    yield node.pipeline, is_at_root
    yield node.body, is_at_root and isinstance(node, nodes.If)
    if node.otherwise is not None:
        yield node.otherwise, is_at_root


def _is_whole(pipeline: nodes.Pipeline) -> bool:
    if pipeline.declarations or len(pipeline.commands) != 1:
        return False
    match pipeline.commands[0].operands:
        case (nodes.Dot(),) | (nodes.Variable(name="$", fields=()),):
            return True
        case _:
            return False
