# SPDX-License-Identifier: Apache-2.0
"""The templates of an intent, one by one: their texts, their trees, and what each makes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from keyfleet.base.errors import TransformError
from keyfleet.model.data import Material, Texts
from keyfleet.model.decoding import Decoding
from keyfleet.model.rendering import Into, Rendering, TemplateAs, TemplateItem, TemplateLiteral
from keyfleet.transform.excerpts import TemplateFailedError, failed, together
from keyfleet.transform.gotemplate.compiling.compiler import Compiled
from keyfleet.transform.gotemplate.errors import TemplateError
from keyfleet.transform.gotemplate.fields import MissingKey as Missing
from keyfleet.transform.gotemplate.functions import function_set
from keyfleet.transform.gotemplate.parsing.parser import parse
from keyfleet.transform.gotemplate.roots import go_string
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import decoded
from keyfleet.transform.looks import Looks, functions_of, looks_at, size_of

TEMPLATES_MAX = 512
"""Of one intent."""
PIECES_MAX = 20_000
"""Fields, constants, calls and texts of all of them: parsing that many takes half a second."""
LITERAL = "literal"
"""What a template without a name is called."""
QUICKLY_PARSED_BYTES = 1 << 10
"""What is longer is parsed beside the controller's loop: dense text takes 10 ms and more."""


class Makes(StrEnum):
    """What comes of a template."""

    VALUE = "Values"
    KEYS_AND_VALUES = "KeysAndValues"
    LABEL = "label"
    ANNOTATION = "annotation"
    LABELS = "labels"
    ANNOTATIONS = "annotations"

    @property
    def is_whole(self) -> bool:
        """Tell whether it makes names too, not only the value of one."""
        return self in (Makes.KEYS_AND_VALUES, Makes.LABELS, Makes.ANNOTATIONS)


_ONE = {Into.DATA: Makes.VALUE, Into.LABELS: Makes.LABEL, Into.ANNOTATIONS: Makes.ANNOTATION}
_MANY = {
    Into.DATA: Makes.KEYS_AND_VALUES,
    Into.LABELS: Makes.LABELS,
    Into.ANNOTATIONS: Makes.ANNOTATIONS,
}


@dataclass(frozen=True, slots=True)
class Text:
    """The text of one template, and where it stands."""

    makes: Makes
    key: str
    """Of the Secret, or of its labels or annotations; the template's name too."""
    text: str = field(repr=False)
    place: str
    """For people: a field of the manifest, or an object and its key."""
    is_secret: bool = False
    """It stands in a Secret: nothing of it is shown."""
    decoding: Decoding = Decoding.NONE
    """How what it makes is decoded."""


@dataclass(frozen=True, slots=True)
class Part:
    """A template that can be executed."""

    text: Text
    compiled: Compiled = field(repr=False)
    looks: Looks | None
    """What it looks at; None: perhaps at everything."""
    functions: frozenset[str]
    """What it calls."""
    size: int
    """How many pieces it is made of."""

    def execute(self, root: dict[str, Any], run: Run, *, missing: Missing) -> str:
        """Return what it makes of Go values, which it may change.

        Raises:
            TemplateFailedError: It fails.
        """
        try:
            return self.compiled.execute(root, run, missing=missing)
        except TemplateError as error:
            failure = _failure(self.text, error)
        # Raised out here: `from None` inside would keep what the error was made of as context.
        raise failure


def inline_texts(rendering: Rendering) -> Iterator[Text]:
    """Yield the templates that stand in the manifest itself."""
    yield from _keyed_texts(rendering)
    yield from map(_literal_text, rendering.literals)


def _keyed_texts(rendering: Rendering) -> Iterator[Text]:
    path = rendering.path
    found = (
        (Makes.VALUE, rendering.data, f"{path}.data"),
        (Makes.LABEL, rendering.labels, f"{path}.metadata.labels"),
        (Makes.ANNOTATION, rendering.annotations, f"{path}.metadata.annotations"),
    )
    for makes, texts, place in found:
        for key, text in texts.items():
            yield Text(makes, key, go_string(text), f"{place}.{key}")


def is_quickly_parsed(rendering: Rendering, *, besides: int = 0) -> bool:
    """Tell whether templates are short: those of the manifest, and what objects hold besides."""
    texts = (
        *rendering.data.values(),
        *rendering.labels.values(),
        *rendering.annotations.values(),
        *(literal.text for literal in rendering.literals),
    )
    return besides + sum(map(len, texts)) <= QUICKLY_PARSED_BYTES


def texts_of(rendering: Rendering, material: Material) -> Iterator[Text]:
    """Yield every template, in the order in which what it makes counts.

    Raises:
        TransformError: `transform.template_missing`: an object has no such key.
    """
    items = (_text_of(item, material) for item in rendering.items)
    own = _keyed_texts(rendering)
    yield from (*items, *own) if rendering.is_layered else (*own, *items)


def parts_of(texts: Iterable[Text], functions: str) -> list[Part]:
    """Return templates ready to be executed, as many as there may be.

    Raises:
        TransformError: `transform.templates_many`; as `part_of`.
    """
    parts, failures = parts_tried(texts, functions)
    if failures:
        # Its traceback would grow with each that it is raised for.
        raise failures[0].with_traceback(None)
    return parts


def parts_tried(
    texts: Iterable[Text], functions: str
) -> tuple[list[Part], list[TemplateFailedError]]:
    """Return templates ready to be executed, and why the others are none.

    Raises:
        TransformError: `transform.templates_many`.
    """
    parts: list[Part] = []
    failures: list[TemplateFailedError] = []
    size = 0
    for count, text in enumerate(texts, start=1):
        try:
            parts.append(part_of(text, functions))
            size += parts[-1].size
        except TemplateFailedError as error:
            failures.append(error)
        if count > TEMPLATES_MAX or size > PIECES_MAX:
            raise TransformError(
                "transform.templates_many",
                "the templates are too many, or too long together",
                text.place,
                "deliver fewer keys, or split the manifest",
                key=text.key,
            )
    return parts, failures


def part_of(text: Text, functions: str) -> Part:
    """Return a template ready to be executed; nothing keeps it, as its text may be secret.

    Raises:
        TemplateFailedError: It is none.
    """
    known = function_set(functions)
    try:
        tree = parse(text.text, name=text.key, functions=known)
        called, size = functions_of(tree), size_of(tree)
        return Part(text, Compiled(tree, known), looks_at(tree), called, size)
    except TemplateError as error:
        failure = _failure(text, error)
    raise failure


def _failure(text: Text, error: TemplateError) -> TemplateFailedError:
    """Return the error of a template as people see it."""
    return failed(error, text=text.text, place=text.place, is_secret=text.is_secret)


def check_inline(rendering: Rendering) -> None:
    """Refuse templates of a manifest that cannot be parsed, before anything is read.

    Raises:
        TransformError: The first one, or all of them where they are told together, or that they
            are too many.
    """
    if not rendering.gathers:
        parts_of(inline_texts(rendering), rendering.functions)
    elif failures := parts_tried(inline_texts(rendering), rendering.functions)[1]:
        raise together(failures)


def _text_of(item: TemplateItem | TemplateLiteral, material: Material) -> Text:
    if isinstance(item, TemplateLiteral):
        return _literal_text(item)
    return _item_text(item, material.texts[item.read])


def _literal_text(item: TemplateLiteral) -> Text:
    text, makes = go_string(item.text), _MANY[item.into]
    return Text(makes, LITERAL, text, item.path, decoding=item.decoding)


def _item_text(item: TemplateItem, texts: Texts) -> Text:
    ref = texts.ref
    place = f"key {item.key} of {ref.kind} {ref.namespace}/{ref.name}"
    value = texts.entries.get(item.key)
    if value is None:
        raise TransformError(
            "transform.template_missing",
            "the object has no key of this name to take a template from",
            place,
            "correct templateFrom, or add the key to the object",
            key=item.key,
        )
    makes = (_ONE if item.makes is TemplateAs.VALUES else _MANY)[item.into]
    is_secret = ref.kind == "Secret"
    return Text(makes, item.key, decoded(value.reveal()), place, is_secret, item.decoding)
