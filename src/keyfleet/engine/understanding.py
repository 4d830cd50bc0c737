# SPDX-License-Identifier: Apache-2.0
"""What a manifest asks for, as its dialect says, with its templates parsed.

Dialects do not know how templates are read. So that a template that is none is said before any
source is read, and by `validate` without any cluster, whoever translates a manifest does it here.
"""

from collections.abc import Mapping
from typing import Any

from keyfleet.base.errors import TransformError
from keyfleet.model.intent import Intent, Origin, Rejection
from keyfleet.plugin import Dialect, Translation
from keyfleet.transform.excerpts import TemplateFailedError
from keyfleet.transform.parts import check_inline

REASON = "TemplateError"


def understood(dialect: Dialect, manifest: Mapping[str, Any], origin: Origin) -> Translation:
    """Return the intents of a manifest; one whose templates cannot be parsed is rejected."""
    found = dialect.translate(manifest, origin)
    intents: list[Intent] = []
    rejections = list(found.rejections)
    for intent in found.intents:
        rejection = _rejection(intent)
        if rejection is None:
            intents.append(intent)
        else:
            rejections.append(rejection)
    return Translation(tuple(intents), tuple(rejections))


def _rejection(intent: Intent) -> Rejection | None:
    rendering = intent.shape.rendering
    if rendering is None:
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
