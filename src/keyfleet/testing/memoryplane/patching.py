# SPDX-License-Identifier: Apache-2.0
"""Patches of stored objects: RFC 6902, RFC 7386 and a plain form of apply."""

from copy import deepcopy
from typing import Any

from keyfleet.testing.memoryplane.refusals import unpatchable
from keyfleet.testing.memoryplane.store import Document


def json_patched(document: Document, operations: list[Document]) -> Document:
    """Return the object after RFC 6902 operations.

    Raises:
        RefusalError: 422, an operation does not fit the object.
    """
    changed = deepcopy(document)
    for operation in operations:
        _apply(changed, operation)
    return changed


def _apply(document: Document, operation: Document) -> None:
    *parents, last = [_unescaped(part) for part in operation["path"].split("/")[1:]]
    within: Any = document
    for part in parents:
        within = _below(within, part)
    verb = operation["op"]
    if verb == "test":
        if _below(within, last) != operation["value"]:
            raise unpatchable()
    elif isinstance(within, list):
        _change_list(within, last, operation)
    elif isinstance(within, dict):
        _change_dict(within, last, operation)
    else:
        raise unpatchable()


def _below(within: Any, part: str) -> Any:
    try:
        return within[int(part)] if isinstance(within, list) else within[part]
    except (KeyError, IndexError, TypeError, ValueError):
        raise unpatchable() from None


def _change_dict(within: Document, last: str, operation: Document) -> None:
    if operation["op"] == "remove":
        if last not in within:
            raise unpatchable()
        del within[last]
    else:
        # The API server's library replaces what is absent, too.
        within[last] = deepcopy(operation["value"])


def _change_list(within: list[Any], last: str, operation: Document) -> None:
    verb = operation["op"]
    if verb == "add":
        place = len(within) if last == "-" else int(last)
        within.insert(place, deepcopy(operation["value"]))
        return
    _below(within, last)
    if verb == "remove":
        del within[int(last)]
    else:
        within[int(last)] = deepcopy(operation["value"])


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def merge_patched(document: Any, patch: Any) -> Any:
    """Return the object after an RFC 7386 merge."""
    if not isinstance(patch, dict):
        return deepcopy(patch)
    merged = dict(document) if isinstance(document, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patched(merged.get(name), value)
    return merged
