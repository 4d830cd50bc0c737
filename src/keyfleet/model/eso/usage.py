# SPDX-License-Identifier: Apache-2.0
"""From which namespaces a ClusterSecretStore may be used.

Source: compat/external-secrets.md 1.6.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any

from msgspec import Meta

from keyfleet.base.breadth import has_at_most
from keyfleet.base.errors import InvalidInputError, InvalidIntentError
from keyfleet.base.regexps import searcher
from keyfleet.model.places import NamespaceFacts
from keyfleet.model.v1alpha1.common import ApiStruct, LabelSelector
from keyfleet.model.v1alpha1.parsing import parse_part
from keyfleet.model.v1alpha1.selection import selector

ENTRIES_MAX = 5000
"""Of all conditions together: they are read at each use."""
PATTERNS_MAX = 64
"""Of all conditions together."""
CONDITIONS_MAX = 1000
PATTERN_MAX = 1000
"""Letters of an expression: compiling one takes time and memory."""


class UseCondition(ApiStruct, frozen=True, kw_only=True):
    """One entry of `spec.conditions`: any of its three ways suffices."""

    namespace_selector: LabelSelector | None = None
    """Labels; an empty selector means every namespace."""
    namespaces: tuple[str, ...] = ()
    """Exact names."""
    namespace_regexes: tuple[Annotated[str, Meta(max_length=PATTERN_MAX)], ...] = ()
    """RE2, matched anywhere in the name."""


class _Conditions(ApiStruct, frozen=True, kw_only=True):
    conditions: Annotated[tuple[UseCondition, ...], Meta(max_length=CONDITIONS_MAX)] = ()


def conditions_of(manifest: Mapping[str, Any]) -> tuple[UseCondition, ...]:
    """Return what a ClusterSecretStore says about who may use it; empty: everyone.

    Raises:
        InvalidIntentError: `intent.invalid`, with `path`.
    """
    spec = manifest.get("spec")
    conditions = spec.get("conditions") if isinstance(spec, Mapping) else None
    if not has_at_most(ENTRIES_MAX, conditions):
        hint = f"at most {ENTRIES_MAX:,} values"
        raise _too_many(hint)
    found = parse_part(_Conditions, spec, path="spec", is_foreign=True).conditions
    if sum(len(condition.namespace_regexes) for condition in found) > PATTERNS_MAX:
        hint = f"at most {PATTERNS_MAX} namespaceRegexes"
        raise _too_many(hint)
    return found


def _too_many(hint: str) -> InvalidIntentError:
    message = "too many conditions to look at"
    return InvalidIntentError("intent.invalid", message, hint=hint, path="spec.conditions")


def may_use(conditions: tuple[UseCondition, ...], namespace: NamespaceFacts) -> str | None:
    """Return why manifests of a namespace may not use a store; None when they may.

    Raises:
        InvalidIntentError: `intent.invalid`: a selector or an expression is none; `path` says
            which.
    """
    if not conditions:
        return None
    matching = (
        _matches(condition, namespace, f"spec.conditions[{index}]")
        for index, condition in enumerate(conditions)
    )
    return None if any(matching) else "denied by spec.condition"


def _matches(condition: UseCondition, namespace: NamespaceFacts, path: str) -> bool:
    labels = condition.namespace_selector
    if labels is not None:
        wanted = selector(labels, path=f"{path}.namespaceSelector")
        # Of a namespace that nobody sees, no label is absent either.
        if wanted.is_empty or (namespace.is_seen and wanted.matches(namespace.labels)):
            return True
    if namespace.name in condition.namespaces:
        return True
    return any(
        _is_found(pattern, namespace.name, f"{path}.namespaceRegexes[{index}]")
        for index, pattern in enumerate(condition.namespace_regexes)
    )


def _is_found(pattern: str, name: str, path: str) -> bool:
    try:
        return _search(pattern, name)
    except InvalidInputError as error:
        hint = error.hint
    raise InvalidIntentError("intent.invalid", "not a regular expression", hint=hint, path=path)


@lru_cache(maxsize=4096)
def _search(pattern: str, name: str) -> bool:
    # Compiling takes longer than searching, and the same few are asked at each delivery.
    return searcher(pattern)(name)
