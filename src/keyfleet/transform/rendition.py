# SPDX-License-Identifier: Apache-2.0
"""The templates of one intent over what its reads gave: rendered place by place.

What they are made from, `inputs`, is told apart from what they make: functions of time and chance
give another text each time, and a Secret must not change because somebody looked again
(design.md 2, "Level-based").
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from keyfleet.base.codec import decode_yaml
from keyfleet.base.errors import InvalidInputError, TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.model.data import Material, SecretData
from keyfleet.model.desired import Content
from keyfleet.model.intent import Shape, WriteMode
from keyfleet.model.places import TargetFacts
from keyfleet.model.rendering import Rendering, Root
from keyfleet.transform.decoding import undone
from keyfleet.transform.excerpts import TemplateFailedError, together
from keyfleet.transform.facts import facts_of, looks_at_values, used_facts
from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.yaml.texts import text_map
from keyfleet.transform.gotemplate.run import DEFAULT_LIMITS, Limits, Random, Run
from keyfleet.transform.gotemplate.values import decoded, encoded, string_map
from keyfleet.transform.keys import check_names, check_size, is_name, select
from keyfleet.transform.looks import all_of
from keyfleet.transform.merging import merged
from keyfleet.transform.metadata import check_metadata
from keyfleet.transform.parts import Makes, Part, Text, parts_tried, texts_of
from keyfleet.transform.slow import SLOW
from keyfleet.transform.types import DEFAULT_TYPE, check_type

_LABELS = (Makes.LABEL, Makes.LABELS)
_ANNOTATIONS = (Makes.ANNOTATION, Makes.ANNOTATIONS)
_VALUES = (Makes.VALUE, Makes.KEYS_AND_VALUES)
_PLAIN_MANNERS = (Root.PLACED.value, "False", "False")
_YAML_SIGNS = ("\n", ",", ":", "[", "{", "-", "?")
"""Each node of YAML has one before it; reading a node takes as long as some steps."""


@dataclass(frozen=True, slots=True)
class Chance:
    """What a render gets besides its inputs."""

    now: Callable[[], datetime]
    random: Random
    limits: Limits = DEFAULT_LIMITS

    def begin(self) -> Run:
        """Return the budget of all that is rendered for one target."""
        return Run(now=self.now, random=self.random, limits=self.limits)


QUICK = Limits(steps=5_000, memory_bytes=4 << 20)
"""What takes a few milliseconds: most templates need far less."""


@dataclass(frozen=True, slots=True)
class Names:
    """The labels and annotations that templates make, without what they make of them."""

    labels: frozenset[str]
    annotations: frozenset[str]


@dataclass(frozen=True, slots=True)
class Metadata:
    """What templates made of labels and annotations."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]


class Rendition:
    """What one intent's templates make of one reading."""

    def __init__(self, shape: Shape, rendering: Rendering, material: Material) -> None:
        """Parse every template.

        Raises:
            TransformError: `transform.template`, `transform.template_missing`; as `merged`.
        """
        self._shape = shape
        self._rendering = rendering
        self._sources = material.sources
        self._strings = {
            name: {key: decoded(value.reveal()) for key, value in data.entries().items()}
            for name, data in material.sources.items()
        }
        self._kept = merged(material.sources) if rendering.keeps_source else SecretData(type="")
        texts = tuple(texts_of(rendering, material))
        parts, self._unparsed = parts_tried(texts, rendering.functions)
        if self._unparsed and not rendering.gathers:
            raise self._unparsed[0]
        self._parts = parts
        self._siblings = {text.key: text.text for text in texts} if rendering.sees_texts else {}
        self._looks = all_of(part.looks for part in parts)
        self._sees_places = rendering.root is Root.PLACED
        self.is_slow = any(part.functions & SLOW for part in parts)
        """It makes keys or hashes that take seconds."""

    def names(self, labels: Iterable[str], annotations: Iterable[str]) -> Names:
        """Return which labels and annotations templates make.

        Args:
            labels: All that were delivered: where only rendering tells names, those count.
            annotations: As `labels`.
        """
        if not self._rendering.names_metadata:
            return Names(self._named(Makes.LABEL), self._named(Makes.ANNOTATION))
        plain = self._shape
        return Names(
            frozenset(labels) - set(plain.labels), frozenset(annotations) - set(plain.annotations)
        )

    @property
    def is_empty(self) -> bool:
        """Tell whether every target holds no data at all."""
        return not self._rendering.makes_data and not self._kept.entries()

    @property
    def type(self) -> str:
        """The type of the targets."""
        # The source's type says something about its own keys.
        return self._shape.type or self._kept.type or DEFAULT_TYPE

    def place_like(self, facts: TargetFacts) -> dict[str, bytes]:
        """Return what the templates look at of a place: two with the same get the same."""
        return used_facts(facts, self._looks) if self._sees_places else {}

    def inputs(self, facts: TargetFacts) -> dict[str, SecretValue]:
        """Return everything that decides what the templates make, by name."""
        rendering, shape = self._rendering, self._shape
        how = (rendering.functions, rendering.missing_key, rendering.merge, shape.type)
        found = {"how": " ".join((*how, *self._manners())).encode()}
        for rename in shape.keys or ():
            found[f"key {rename.target}"] = rename.origin.encode()
        for path, fact in self.place_like(facts).items():
            found[f"fact {path}"] = fact
        values = self.wording() | {name: SecretValue(raw) for name, raw in found.items()}
        for name, data in self._sources.items():
            if rendering.keeps_source:
                values[f"type {name}"] = SecretValue(data.type.encode())
            for key, value in data.entries().items():
                if self._is_used(name, key):
                    values[f"value {name}/{key}"] = value
        return values

    def wording(self) -> dict[str, SecretValue]:
        """Return the texts of the templates, by name: a change of one is a new revision."""
        return {
            f"text {self._called(index, part.text)}": SecretValue(encoded(part.text.text))
            for index, part in enumerate(self._parts)
        }

    def _manners(self) -> tuple[str, ...]:
        # Left out where they are as they always were, so that nothing is rendered anew for them.
        rendering = self._rendering
        how = (rendering.root.value, str(rendering.is_layered), str(rendering.coerces))
        return how if how != _PLAIN_MANNERS else ()

    def _called(self, index: int, text: Text) -> str:
        if self._rendering.is_layered:
            # Their order counts, and several may make one key.
            return f"{index} {text.makes} {text.decoding} {text.key} {text.place}"
        # Only of those that make values is there one for each key.
        place = f" {text.place}" if text.makes.is_whole else ""
        return f"{text.makes} {text.key}{place}"

    def _is_used(self, source: str, key: str) -> bool:
        if self._rendering.keeps_source or self._looks is None:
            return True
        path = (source, key) if source else (key,)
        return any(seen[: len(path)] == path[: len(seen)] for seen in self._looks)

    def content(self, facts: TargetFacts, run: Run) -> Content:
        """Return what a target holds.

        Raises:
            TransformError: As `transform.shape.content_of`; `transform.template`.
        """
        metadata = self.metadata(facts, run)
        kind, values = self.type, self._values(facts, run)
        check_names(values)
        check_size(values)
        if self._shape.write_mode is not WriteMode.MERGE and self._shape.deference is None:
            check_type(kind, values)
        return self.described(Content(kind, values), metadata)

    def described(self, content: Content, metadata: Metadata) -> Content:
        """Return content with the labels and annotations that it shall have."""
        labels = {**self._shape.labels, **metadata.labels}
        annotations = {**self._shape.annotations, **metadata.annotations}
        check_metadata(labels, annotations)
        return Content(content.type, content.data, labels, annotations, self._veiled(metadata))

    def metadata(self, facts: TargetFacts, run: Run) -> Metadata:
        """Return the labels and annotations that templates make.

        Raises:
            TransformError: `transform.template`.
        """
        labels = self._texts(_LABELS, facts, run)
        return Metadata(labels, self._texts(_ANNOTATIONS, facts, run))

    def _veiled(self, metadata: Metadata) -> frozenset[str]:
        """Return the labels and annotations that show values."""
        if self._rendering.names_metadata:
            return frozenset(metadata.labels) | frozenset(metadata.annotations)
        return frozenset(
            part.text.key
            for part in self._of((Makes.LABEL, Makes.ANNOTATION))
            if not self._sees_places or looks_at_values(part.looks)
        )

    def _named(self, makes: Makes) -> frozenset[str]:
        return frozenset(part.text.key for part in self._of((makes,)))

    def _values(self, facts: TargetFacts, run: Run) -> dict[str, SecretValue]:
        made = self._texts(_VALUES, facts, run, failures=self._unparsed)
        values = {key: SecretValue(encoded(text)) for key, text in made.items()}
        if not self._rendering.keeps_source:
            return values
        kept = select(self._kept, self._shape.keys)
        return {**values, **kept} if self._rendering.source_wins else {**kept, **values}

    def _texts(
        self,
        makes: tuple[Makes, ...],
        facts: TargetFacts,
        run: Run,
        *,
        failures: Sequence[TemplateFailedError] = (),
    ) -> dict[str, str]:
        """Return what the templates of these kinds make, by name, decoded.

        Raises:
            TransformError: One fails; where all are tried, all that do, and those of before.
        """
        texts: dict[str, str] = {}
        failed = list(failures)
        for part in self._of(makes):
            try:
                made = self._made(part, self._rendered(part, facts, run), run)
            except TemplateFailedError as error:
                if not self._rendering.gathers:
                    raise
                failed.append(error)
                continue
            if not self._rendering.is_layered and not texts.keys().isdisjoint(made):
                raise _made_twice(part)
            texts |= {key: _undone(part, text) for key, text in made.items()}
        if failed:
            raise together(failed)
        return texts

    def _made(self, part: Part, text: str, run: Run) -> dict[str, str]:
        if not part.text.makes.is_whole:
            return {part.text.key: text}
        found = _coerced(text, run) if self._rendering.coerces else _read(text, run)
        return _checked(part, found)

    def _of(self, makes: tuple[Makes, ...]) -> list[Part]:
        return [part for part in self._parts if part.text.makes in makes]

    def _rendered(self, part: Part, facts: TargetFacts, run: Run) -> str:
        # Templates share a budget, since they are as many as their author likes, and nothing else.
        run.scratch.clear()
        root = {**self._data(), **facts_of(facts)} if self._sees_places else self._values_alone()
        return part.execute(root, run, missing=self._rendering.missing_key.value)

    def _values_alone(self) -> dict[str, Any]:
        """Return the values of the only source as a `map[string]string`, made anew."""
        return string_map({**self._siblings, **self._strings.get("", {})})

    def _data(self) -> dict[str, Any]:
        """Return the sources' values as Go values, made anew, since templates may change maps."""
        if "" in self._strings:
            return dict(self._strings[""])
        return {name: string_map(texts) for name, texts in self._strings.items()}


def _read(text: str, run: Run) -> Any:
    """Return YAML as it says; None when it is none."""
    try:
        run.step(sum(map(text.count, _YAML_SIGNS)))
        documents = decode_yaml(encoded(text), subject="")
    except (InvalidInputError, BudgetError):
        return None
    if len(documents) > 1:
        return None
    return documents[0].content if documents else {}


def _coerced(text: str, run: Run) -> dict[str, str] | None:
    """Return YAML as Kubernetes reads it into texts; None when it cannot."""
    try:
        return text_map(run, text)
    except GoError:
        return None


def _checked(part: Part, content: Any) -> dict[str, str]:
    is_broken = not isinstance(content, dict)
    if is_broken or not all(isinstance(each, str) for pair in content.items() for each in pair):
        raise TransformError(
            "transform.template_yaml",
            "the template makes no YAML with texts by key, or too much of it",
            part.text.place,
            "quote what YAML takes for a number or a truth value",
            key=part.text.key,
        )
    if part.text.makes is Makes.KEYS_AND_VALUES and not all(map(is_name, content)):
        # Such a name is not shown: where a value breaks out of its line it is a part of the value.
        raise TransformError(
            "transform.key_name",
            "the template makes a key that no Secret may have",
            part.text.place,
            "quote the values in it, such as with `quote` or `toJson`",
            key=part.text.key,
        )
    found: dict[str, str] = content
    return found


def _undone(part: Part, text: str) -> str:
    value = undone(encoded(text), part.text.decoding)
    if value is None:
        raise TransformError(
            "transform.template_encoding",
            "the template makes a value that is not encoded as it is said to be",
            f"{part.text.place}, {part.text.decoding}",
            "correct valuesDecodingStrategy, or what the template makes",
            key=part.text.key,
        )
    return decoded(value)


def _made_twice(part: Part) -> TransformError:
    return TransformError(
        "transform.template_twice",
        "the template makes a key that another makes too",
        part.text.place,
        "let each key be made once",
        key=part.text.key,
    )
