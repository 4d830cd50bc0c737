# SPDX-License-Identifier: Apache-2.0
"""How the answers of stores become one map of keys and values.

A manifest asks several questions, one `Piece` each, in the order in which their answers are put
together: later keys win. `keyfleet.transform.assembly` does what is written here.
Source: docs/compat/eso.md, "Assembly".
"""

from dataclasses import dataclass
from enum import StrEnum

from keyfleet.model.decoding import Decoding
from keyfleet.model.stores import How


class Conversion(StrEnum):
    """What becomes of characters that no key of a Secret may have."""

    DEFAULT = "Default"
    """Each becomes `_`."""
    UNICODE = "Unicode"
    """Each becomes `_U` with its code point and `_`: `_U002f_`."""


class MergeStrategy(StrEnum):
    """What a merge makes of the merged object."""

    EXTRACT = "Extract"
    """Its members are the keys; the entries merged are gone."""
    JSON = "JSON"
    """It is one more key, a JSON text."""


class ConflictRule(StrEnum):
    """What a merge does about a member that two entries have."""

    ERROR = "Error"
    IGNORE = "Ignore"
    """The later one wins."""


@dataclass(frozen=True, slots=True)
class RegexpRewrite:
    """Replace in every key what a regular expression matches."""

    source: str
    """RE2."""
    target: str
    """With `$1`, `${1}`, `${name}`."""


@dataclass(frozen=True, slots=True)
class TransformRewrite:
    """Make every key anew with a template over `.value`, the key."""

    template: str


@dataclass(frozen=True, slots=True)
class MergeRewrite:
    """Take every value as a JSON object and merge them."""

    into: str = ""
    """Key of the result, for the strategy `JSON`."""
    priority: tuple[str, ...] = ()
    """Keys merged last, in this order; all others before, by name."""
    strategy: MergeStrategy = MergeStrategy.EXTRACT
    on_conflict: ConflictRule = ConflictRule.ERROR
    allows_absent: bool = False
    """A key of `priority` may be absent (`priorityPolicy: IgnoreNotFound`)."""


Rewrite = RegexpRewrite | TransformRewrite | MergeRewrite


@dataclass(frozen=True, slots=True)
class Piece:
    """What becomes of one answer."""

    how: How
    """`VALUE` for `data[]`: one key; all others give maps."""
    secret_key: str = ""
    """The key in the target, used as it is; for `VALUE`."""
    rewrites: tuple[Rewrite, ...] = ()
    """One after another, over all keys of the map; any at all disables the conversion."""
    conversion: Conversion = Conversion.DEFAULT
    decoding: Decoding = Decoding.NONE
    fails_on_null: bool = False
    """Refuse values with a zero byte (`nullBytePolicy: Fail`)."""
    skips_missing: bool = False
    """A secret that is absent at the provider gives nothing, where it is an error else."""
    path: str = "spec.data[0]"
    """Where it stands in its manifest, for people."""
    key: str = ""
    """The remote secret's name, for people."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """How the answers to an intent's reads become its data."""

    pieces: tuple[Piece, ...]
    """One for each of `Intent.reads`, in their order: `dataFrom` before `data`."""
