# SPDX-License-Identifier: Apache-2.0
"""One object as it should be, and as it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from keyfleet.base.errors import InvariantError
from keyfleet.base.secret import SecretValue
from keyfleet.model.dress import OwnerReference
from keyfleet.model.intent import WriteMode
from keyfleet.model.ownership import Evidence
from keyfleet.model.places import Place


@dataclass(frozen=True, slots=True)
class Content:
    """What a Secret holds, without where it is and whose it is."""

    type: str
    data: Mapping[str, SecretValue] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    veiled: frozenset[str] = frozenset()
    """Names of labels and annotations that templates made from secret values: shown to nobody."""


@dataclass(frozen=True, slots=True)
class Actual:
    """A live object, as far as it was looked at."""

    uid: str
    resource_version: str
    type: str = ""
    """Empty when only its metadata is known."""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, SecretValue] | None = None
    """Its values, when they were read for this very decision."""
    fingerprint: str = ""
    """Fingerprint of its data under the intent that asks; empty when not known."""
    has_labels: bool = True
    """The object has a label map at all; a JSON patch must create it otherwise."""
    has_annotations: bool = True
    is_immutable: bool = False
    is_deleting: bool = False
    is_as_marked: bool = False
    """Its data is what its mark says was delivered; known of what is not compared with a source."""
    owners: tuple[OwnerReference, ...] = ()
    finalizers: tuple[str, ...] = ()
    inherited_keys: frozenset[str] = frozenset()
    """Data keys of the tool that made it for the same manifest; known where keys of others stay."""

    @property
    def evidence(self) -> Evidence:
        """What it shows of whose it is."""
        return Evidence(self.labels, self.annotations, self.owners)


Patch = Callable[[Content], Content]
"""A pure change of the shaped content, such as an override per cluster."""
RetainRule = Callable[[Content, Actual | None], Content]
"""A pure rule that keeps something of the live object."""


@dataclass(frozen=True, slots=True)
class DesiredObject:
    """A target as the transform made it: base, then retained live fields, then patches."""

    place: Place
    base: Content
    retains: tuple[RetainRule, ...] = ()
    patches: tuple[Patch, ...] = ()
    write_mode: WriteMode = WriteMode.REPLACE_DATA

    def finalised(self, actual: Actual | None) -> Content:
        """Return the content to write, given what is there.

        The order is KubeFed's: overrides come after retained fields.
        """
        content = self.base
        for rule in self.retains:
            content = rule(content, actual)
        for patch in self.patches:
            content = patch(content)
        if self.write_mode is WriteMode.MERGE and actual is not None:
            if actual.data is None:
                # Merging into what was not read would drop the keys of others.
                raise InvariantError("desired.merge_blind", "a merge needs the live values")
            content = replace(content, data={**actual.data, **content.data})
        return content
