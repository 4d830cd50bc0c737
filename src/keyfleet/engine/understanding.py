# SPDX-License-Identifier: Apache-2.0
"""What a manifest asks for, as its dialect says, with its templates parsed.

Dialects do not know how templates are read. So that a template that is none is said before any
source is read, and by `validate` without any cluster, whoever translates a manifest does it here.
The controller leaves long ones for later: parsing them would hold up its event loop.
"""

from collections.abc import Mapping
from typing import Any

from keyfleet.base.errors import TransformError
from keyfleet.model.intent import Intent, Origin, Rejection
from keyfleet.model.rendering import Rendering
from keyfleet.plugin import Dialect, Translation
from keyfleet.transform.excerpts import TemplateFailedError
from keyfleet.transform.parts import check_inline, is_quickly_parsed

REASON = "TemplateError"


def understood(
    dialect: Dialect, manifest: Mapping[str, Any], origin: Origin, *, only_quickly: bool = False
) -> Translation:
    """Return the intents of a manifest; one whose templates cannot be parsed is rejected.

    Args:
        dialect: Whose manifest it is.
        manifest: The manifest.
        origin: Where it was found.
        only_quickly: Leave what takes long to whoever shapes the intent.
    """
    found = dialect.translate(manifest, origin)
    intents: list[Intent] = []
    rejections = list(found.rejections)
    for intent in found.intents:
        rejection = _rejection(intent, only_quickly=only_quickly)
        if rejection is None:
            intents.append(intent)
        else:
            rejections.append(rejection)
    return Translation(tuple(intents), tuple(rejections))


def _rejection(intent: Intent, *, only_quickly: bool) -> Rejection | None:
    rendering = intent.shape.rendering
    if rendering is None or (only_quickly and _is_for_later(rendering)):
        return None
    try:
        check_inline(rendering)
    except TransformError as error:
        # Of one template the path says which; else the subject of the error.
        place = error.place if isinstance(error, TemplateFailedError) else error.subject
        message = error.message.removeprefix(f"{place} ")
        return Rejection(
            intent.key, intent.origin, REASON, message, place, error.hint, error.excerpt
        )
    return None


def _is_for_later(rendering: Rendering) -> bool:
    # Where all that fail are told together, some are known to fail only when values are there.
    return rendering.gathers or not is_quickly_parsed(rendering)
