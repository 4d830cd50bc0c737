# SPDX-License-Identifier: Apache-2.0
"""What templates make of a source's values: which texts there are, and how they are evaluated.

What two templates both make is refused, or the later one's counts where they are `is_layered`:
objects and literals in their order, then what stands in the manifest by key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from keyfleet.model.decoding import Decoding


class TemplateAs(StrEnum):
    """What a template of an object makes."""

    VALUES = "Values"
    """The value of the key that it is called after."""
    KEYS_AND_VALUES = "KeysAndValues"
    """Any number of keys: its text is YAML."""


class MergePolicy(StrEnum):
    """What becomes of the source's own keys where templates make some."""

    REPLACE = "Replace"
    """Only what templates make is delivered."""
    MERGE = "Merge"
    """The source's keys are delivered too; of two with the same name the template's counts."""


class Functions(StrEnum):
    """A set of functions that templates may call."""

    SPRIG = "sprig"
    CORE = "core"
    """Go's own."""
    ESO = "eso"
    """Of External Secrets."""
    SEALEDSECRETS = "sealedsecrets"
    SPROUT = "sprout"
    """Of KubeNSync."""
    CONSUL = "consul"
    """Of Vault's agent."""


class Root(StrEnum):
    """What templates see as `.`."""

    PLACED = "placed"
    """The values, or the named sources, and where the target is: `.Cluster`, `.Namespace`."""
    VALUES = "values"
    """The values of the only source and nothing else: a map of texts."""


class Into(StrEnum):
    """What part of the target the templates of an item make."""

    DATA = "Data"
    LABELS = "Labels"
    ANNOTATIONS = "Annotations"


class MissingKey(StrEnum):
    """What a template gets for a key that is not there, in Go's words."""

    ERROR = "error"
    """Nothing is delivered."""
    ZERO = "zero"
    """The zero value of the map's elements: an empty text for keys of a named source."""
    DEFAULT = "default"
    """The text `<no value>`."""


@dataclass(frozen=True, slots=True)
class TemplateItem:
    """One template of an object."""

    read: int
    """Which of the intent's `template_reads` holds it."""
    key: str
    """Its key there, and of the Secret that it makes a value for."""
    makes: TemplateAs = TemplateAs.VALUES
    into: Into = Into.DATA
    decoding: Decoding = Decoding.NONE
    """How what it makes is decoded."""


@dataclass(frozen=True, slots=True)
class TemplateLiteral:
    """One template that stands in the manifest and makes keys and values."""

    text: str
    path: str
    """Where it stands."""
    into: Into = Into.DATA
    decoding: Decoding = Decoding.NONE


@dataclass(frozen=True, slots=True)
class Rendering:
    """The templates of an intent."""

    data: Mapping[str, str] = field(default_factory=dict)
    """Key to the text of the template that makes its value."""
    items: tuple[TemplateItem | TemplateLiteral, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels that are templates; those that are plain stand in the shape."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    functions: Functions = Functions.SPRIG
    missing_key: MissingKey = MissingKey.ERROR
    merge: MergePolicy = MergePolicy.REPLACE
    root: Root = Root.PLACED
    is_layered: bool = False
    """Of two templates that make the same key the later one's counts."""
    source_wins: bool = False
    """Of a key of the source and one that a template makes the source's counts."""
    sees_texts: bool = False
    """Templates see one another's texts, as they are written, under keys that the source lacks."""
    gathers: bool = False
    """Every template is tried, and all that fail are told together."""
    coerces: bool = False
    """Numbers and truth values in YAML become texts, as Kubernetes' own YAML reads them."""
    path: str = "spec.template"
    """Where the templates of the manifest stand."""

    @property
    def literals(self) -> tuple[TemplateLiteral, ...]:
        """The templates of the manifest that make keys and values."""
        return tuple(item for item in self.items if isinstance(item, TemplateLiteral))

    @property
    def names_metadata(self) -> bool:
        """Tell whether labels or annotations get names that only rendering tells."""
        return any(item.into is not Into.DATA and _makes_keys(item) for item in self.items)

    @property
    def makes_data(self) -> bool:
        """Tell whether any template makes a value, not only labels and annotations."""
        return bool(self.data or self.items)

    @property
    def keeps_source(self) -> bool:
        """Tell whether the source's own keys are delivered."""
        return self.merge is MergePolicy.MERGE or not self.makes_data


def _makes_keys(item: TemplateItem | TemplateLiteral) -> bool:
    return isinstance(item, TemplateLiteral) or item.makes is TemplateAs.KEYS_AND_VALUES
