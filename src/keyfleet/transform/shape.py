# SPDX-License-Identifier: Apache-2.0
"""Shape what was read into what a target shall hold.

Two halves, so that a fleet pays for the first only once: `content_of` makes the content, `placed`
says where it goes. `varies_with` names the facts a shape looks at; while it is empty one content
serves every place. `shape` is both halves in one. What templates make is made by
`keyfleet.transform.rendition`.
"""

from keyfleet.model.data import SecretData
from keyfleet.model.desired import Content, DesiredObject
from keyfleet.model.intent import Shape, WriteMode
from keyfleet.model.places import Place, TargetFacts
from keyfleet.model.rendering import Rendering, Root
from keyfleet.transform.facts import CLUSTER, EVERYTHING, NAMESPACE
from keyfleet.transform.keys import check_names, check_size, select
from keyfleet.transform.looks import Looks, all_of
from keyfleet.transform.metadata import check_metadata
from keyfleet.transform.parts import inline_texts, is_quickly_parsed, parts_of
from keyfleet.transform.types import DEFAULT_TYPE, check_type


def shape(
    shape: Shape, data: SecretData, facts: TargetFacts, name: str
) -> tuple[DesiredObject, ...]:
    """Return the objects that one target shall have; at present always one Secret.

    Args:
        shape: How the intent wants it.
        data: What its reads gave.
        facts: The target's cluster and namespace.
        name: The target's name.
    Raises:
        TransformError: As `content_of`.
    """
    return (placed(content_of(shape, data), shape, facts, name=name),)


def content_of(shape: Shape, data: SecretData) -> Content:
    """Return what every target of the shape holds.

    Raises:
        TransformError: A key is missing, taken twice or badly named, the values are too large, the
            type asks for other keys, or the template's metadata is refused (engine: the whole
            intent fails and its targets stay).
    """
    labels = {**data.apparel.labels, **shape.labels}
    annotations = {**data.apparel.annotations, **shape.annotations}
    check_metadata(labels, annotations)
    values = select(data, shape.keys)
    check_names(values)
    check_size(values)
    kind = shape.type or data.type or DEFAULT_TYPE
    if shape.write_mode is not WriteMode.MERGE and shape.deference is None:
        # What the type asks for may be among the keys of others.
        check_type(kind, values)
    return Content(kind, values, labels, annotations)


def placed(content: Content, shape: Shape, facts: TargetFacts, *, name: str) -> DesiredObject:
    """Return the content as one target's desired object."""
    place = Place(facts.cluster.name, facts.namespace.name, name)
    return DesiredObject(place, content, write_mode=shape.write_mode)


def varies_with(shape: Shape) -> frozenset[str]:
    """Return the facts the content may depend on: a subset of `cluster` and `namespace`.

    What templates of objects look at is known only when they are read, and what long ones do when
    there is time to parse them: then it is both.
    """
    rendering = shape.rendering
    if rendering is None or rendering.root is Root.VALUES:
        return frozenset()
    looks: Looks | None = None
    if not _reads(rendering) and is_quickly_parsed(rendering):
        parts = parts_of(inline_texts(rendering), rendering.functions)
        looks = all_of(part.looks for part in parts)
    seen = EVERYTHING if looks is None else looks
    return frozenset(path[0].lower() for path in seen if path[0] in (CLUSTER, NAMESPACE))


def _reads(rendering: Rendering) -> bool:
    """Tell whether some templates stand in objects."""
    return len(rendering.literals) < len(rendering.items)
