# SPDX-License-Identifier: Apache-2.0
"""What to ask a cluster for, given a query; pure."""

import re
from collections.abc import Hashable
from dataclasses import dataclass

from keyfleet.model.stores import How, Query
from keyfleet.plugin.storeerrors import unaskable
from keyfleet.plugin.storesearch import name_matcher

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_LABEL_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/")
_LABEL_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class One:
    """One Secret, whole."""

    name: str


@dataclass(frozen=True, slots=True)
class Matching:
    """The Secrets with these labels whose names match; names are matched here."""

    labels: str = ""
    """A label selector."""
    expression: str = ""
    """RE2, unanchored."""

    def __str__(self) -> str:
        return self.labels or self.expression


def question(query: Query) -> Hashable:
    """Return what to ask for.

    Raises:
        InvalidIntentError: `store.query`.
    """
    match query.how:
        case How.SEARCH:
            return _matching(query)
        case How.GENERATE:
            raise unaskable(query, "a store keeps values, only a generator makes them")
    if not _NAME.fullmatch(query.key):
        # Some of these would name another path of the server.
        raise unaskable(query, "no Secret can have this name")
    return One(query.key)


def _matching(query: Query) -> Matching:
    search = query.search
    if search is not None and search.tags:
        # Upstream looks at the name only where there are no tags.
        return Matching(labels=_selector(query, search.tags))
    if search is None or not search.name_regexp:
        raise unaskable(query, "find needs tags or name.regexp")
    name_matcher(search.name_regexp)
    return Matching(expression=search.name_regexp)


def _selector(query: Query, tags: tuple[tuple[str, str], ...]) -> str:
    for name, text in tags:
        plain = _LABEL_PREFIX.sub("", name, count=1) if "/" in name else name
        if not _LABEL_NAME.fullmatch(plain) or not (not text or _LABEL_NAME.fullmatch(text)):
            raise unaskable(query, "find.tags must be labels of Kubernetes")
    return ",".join(f"{name}={text}" for name, text in sorted(tags))
