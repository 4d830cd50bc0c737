# SPDX-License-Identifier: Apache-2.0
"""A manifest that was found in a member concerns that member and nothing else.

Whoever may write manifests there may write in that cluster only: no manifest of a member may read
or write anything elsewhere, whatever its dialect makes of it.
"""

from collections.abc import Iterator

from keyfleet.base.log import get_logger
from keyfleet.model.intent import Intent, Rejection
from keyfleet.plugin import Translation

log = get_logger("engine")


def at_home(translation: Translation) -> Translation:
    """Return a translation without what would reach beyond the cluster it was found in."""
    strays = [intent for intent in translation.intents if is_stray(intent)]
    if not strays:
        return translation
    intents = tuple(intent for intent in translation.intents if intent not in strays)
    return Translation(intents, (*translation.rejections, *_rejections(strays)))


def is_stray(intent: Intent) -> bool:
    """Tell whether an intent of a member reads or writes outside of it."""
    home = intent.key.cluster
    if not home:
        return False
    matcher = intent.targets.clusters
    is_here = matcher.is_by_name and set(matcher.names) <= {home}
    return not is_here or any(read.ref.cluster != home for read in intent.all_reads)


def _rejections(strays: list[Intent]) -> Iterator[Rejection]:
    for intent in strays:
        log.error("engine.intent_strays", intent=str(intent.key))
        yield Rejection(
            intent.key,
            intent.origin,
            "OutOfBounds",
            f"a manifest of cluster {intent.key.cluster} can read and write in that cluster only",
            hint="declare it on the hub",
        )
