# SPDX-License-Identifier: Apache-2.0
"""Walks along a path through a document."""

import re
from typing import Final

from keyfleet.base.gjson import modifiers
from keyfleet.base.gjson.found import Found, whole
from keyfleet.base.gjson.matching import holds, is_like
from keyfleet.base.gjson.paths import (
    Index,
    Query,
    index_of,
    key_of,
    last_name,
    selectors_of,
    split_at_pipe,
)
from keyfleet.base.gjson.quoting import quoted
from keyfleet.base.gjson.work import DOCUMENT_MAX_BYTES, PATH_MAX_BYTES, OverworkError, Work
from keyfleet.base.jsontext import is_json, unescaped

_SPECIAL: Final = re.compile(r"[!-,./;-@\[-^`{-~]")
_INDEX: Final = re.compile(rb"[0-9]{1,19}")


def find(document: bytes, path: str) -> Found | None:
    """Return what a path means in a JSON document.

    Args:
        document: Any bytes; more than 2 MiB are not looked at.
        path: gjson's syntax; more than 4 KiB are not looked at.
    Returns:
        None: it is not there, the document is no JSON, or finding it takes too much work.
    """
    raw_path = path.encode("utf-8", "surrogatepass")
    if len(raw_path) > PATH_MAX_BYTES or len(document) > DOCUMENT_MAX_BYTES:
        return None
    if not is_json(document):
        return None
    try:
        return look(Work(), document, raw_path)
    except OverworkError:
        return None


def escaped(key: str) -> str:
    r"""Return the path that means a key of an object, whatever characters it has.

    >>> escaped("tls.crt")
    'tls\\.crt'
    """
    return _SPECIAL.sub(r"\\\g<0>", key)


def look(work: Work, document: bytes, path: bytes) -> Found | None:
    """Return what a path means in a document that is JSON, or nothing at all.

    Raises:
        OverworkError: It takes too much.
    """
    with work:
        if len(path) > 1:
            made, path = _made(work, document, path)
            if made is not None:
                return look(work, made, path[1:]) if path[:1] in (b".", b"|") else whole(made)
        search = _Search(work)
        if path.startswith(b".."):  # lines of JSON; a document is one of them
            search.look_into(b"[" + document + b"]", path[2:])
        else:
            search.look_into(document, path)
        if search.pipe is None:
            return search.value
        return look(work, search.value.raw if search.value else b"", search.pipe)


def _made(work: Work, document: bytes, path: bytes) -> tuple[bytes | None, bytes]:
    """Return what the begin of a path makes, None where it makes nothing, and what follows."""
    match path[:1]:
        case b"@":
            return modifiers.applied(work, document, path, look) or (None, path)
        case b"!":
            return modifiers.literal(path) or (None, path)
        case b"[" | b"{":
            return _several(work, document, path)
    return None, path


def _several(work: Work, document: bytes, path: bytes) -> tuple[bytes | None, bytes]:
    taken = selectors_of(path)
    if taken is None or taken[1][:1] not in (b"", b".", b"|"):
        return None, taken[1] if taken else b""
    selectors, rest = taken
    pieces: list[bytes] = []
    for selector in selectors:
        found = look(work, document, selector.path)
        if found is None:
            continue
        name = b""
        if path[:1] == b"{":
            is_quoted = selector.name[:1] == b'"' and is_json(selector.name)
            plain = selector.name or last_name(selector.path)
            name = (selector.name if is_quoted else quoted(plain)) + b":"
        pieces.append(work.made(name + found.raw))
    opening, closing = (b"{", b"}") if path[:1] == b"{" else (b"[", b"]")
    return opening + b",".join(pieces) + closing, rest


class _Search:
    """A walk down one document.

    `value` and `pipe` outlive a branch that leads nowhere: gjson goes on with the next key that is
    alike, and keeps what it saw.
    """

    __slots__ = ("_work", "pipe", "value")

    def __init__(self, work: Work) -> None:
        self._work = work
        self.value: Found | None = None
        self.pipe: bytes | None = None

    def look_into(self, raw: bytes, path: bytes) -> bool:
        """Look for a path in a value; tell whether to stop."""
        first = raw.lstrip()[:1]
        if first not in (b"{", b"["):
            return False
        with self._work:
            return (self._in_object if first == b"{" else self._in_array)(raw, path)

    def _in_object(self, raw: bytes, path: bytes) -> bool:
        key = key_of(path)
        part = key.part
        self.pipe = part.pipe if part.pipe is not None else self.pipe
        for name, value in self._work.members(raw):
            known = unescaped(name[1:-1])
            is_it = is_like(known, part.name, self._work) if key.is_wild else known == part.name
            if is_it and self._goes_on(value, part.rest):
                return True
        return False

    def _goes_on(self, value: bytes, rest: bytes | None) -> bool:
        if rest is not None:
            return self.look_into(value, rest)
        self.value = Found(value)
        return True

    def _in_array(self, raw: bytes, path: bytes) -> bool:
        index = index_of(path)
        part = index.part
        self.pipe = part.pipe if part.pipe is not None else self.pipe
        if index.query is not None:
            return self._those(raw, index, index.query)
        if index.is_hash:
            return part.name == b"#" and self._all(raw, part.rest)
        if not _INDEX.fullmatch(part.name):
            return False
        wanted = int(part.name)
        for number, value in enumerate(self._work.elements(raw)):
            if number == wanted:
                return self._goes_on(value, part.rest)
        return False

    def _all(self, raw: bytes, path: bytes | None) -> bool:
        """Count the elements, or take the same of each."""
        elements = self._work.elements(raw)
        if path is None:
            self.value = Found(str(sum(1 for _ in elements)).encode())
            return True
        path = self._without_pipe(path)
        found = (look(self._work, element, path) for element in elements)
        self.value = self._list([each.raw for each in found if each])
        return True

    def _those(self, raw: bytes, index: Index, query: Query) -> bool:
        """Take the first element for which a query holds, or all."""
        rest = index.part.rest
        several: list[bytes] = []
        for element in self._work.elements(raw):
            if not self._suits(Found(element), query):
                continue
            value: Found | None = Found(element)
            if rest is not None:
                rest = self._without_pipe(rest)
                value = look(self._work, element, rest)
            if not query.is_for_all:
                self.value = value
                return True
            if value:
                several.append(value.raw)
        if query.is_for_all and self.value is None:
            self.value = self._list(several)
        return False

    def _suits(self, element: Found, query: Query) -> bool:
        if element.is_container:
            return holds(query, look(self._work, element.raw, query.path), self._work)
        return not query.path and holds(query, element, self._work)

    def _without_pipe(self, path: bytes) -> bytes:
        path, pipe = split_at_pipe(path)
        self.pipe = pipe if pipe is not None else self.pipe
        return path

    def _list(self, raws: list[bytes]) -> Found:
        return Found(self._work.made(b"[" + b",".join(raws) + b"]"))
