# SPDX-License-Identifier: Apache-2.0
"""An intent as it meets one target, where what is there has a say in it.

A target may say by annotations that it has keys of others, or that it may be taken over. What is
only set when a target is made is not wanted of one that is there.
Source: compat/sealed-secrets.md 2.4, 2.5.
"""

from dataclasses import replace

from keyfleet.model.desired import Actual
from keyfleet.model.dress import Dress
from keyfleet.model.intent import Deference, DeletionPolicy, Intent, WriteMode

_TRUE = "true"


def facing(intent: Intent, actual: Actual | None) -> Intent:
    """Return the intent for this target; the same one where no target has a say."""
    deference, shape = intent.shape.deference, intent.shape
    if deference is None:
        return intent
    if actual is None:
        # As it will be met once it is there.
        is_shared = shape.annotations.get(deference.shares) == _TRUE
        return _merging(intent) if is_shared else intent
    dress = replace(shape.dress, finalizers=(), is_immutable=False)
    if actual.annotations.get(deference.shares) != _TRUE:
        dress = replace(dress, takes_over=actual.annotations.get(deference.yields) == _TRUE)
        return replace(intent, shape=replace(shape, dress=dress))
    merging = _merging(replace(intent, shape=replace(shape, dress=dress)))
    return _owning(merging) if _yields(deference, intent, actual) else _leaving(merging, actual)


def _merging(intent: Intent) -> Intent:
    return replace(intent, shape=replace(intent.shape, write_mode=WriteMode.MERGE))


def _yields(deference: Deference, intent: Intent, actual: Actual) -> bool:
    found = {**actual.annotations, **intent.shape.annotations}
    return found.get(deference.yields) == _TRUE


def _owning(intent: Intent) -> Intent:
    dress = replace(intent.shape.dress, takes_over=True)
    return replace(intent, shape=replace(intent.shape, dress=dress))


def _leaving(intent: Intent, actual: Actual) -> Intent:
    """Return the intent without a claim: the target lives as long as whoever has it wants."""
    shape, guard = intent.shape, intent.guard
    if not _is_tied(shape.dress, actual):
        guard = replace(guard, on_intent_deleted=DeletionPolicy.RETAIN)
    return replace(
        intent, shape=replace(shape, dress=replace(shape.dress, manifest=None)), guard=guard
    )


def _is_tied(dress: Dress, actual: Actual) -> bool:
    manifest = dress.manifest
    return manifest is not None and any(
        owner.is_controller and owner.is_same_owner(manifest) for owner in actual.owners
    )
