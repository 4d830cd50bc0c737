# SPDX-License-Identifier: Apache-2.0
"""Which keys of which piece an error is about, for people; keys are names, and no secret."""

from typing import Final

from keyfleet.transform.keys import shown

_SHOWN_MAX: Final = 5


def about(place: str, *keys: str) -> str:
    """Return the subject of an error: the place in the manifest, and the first keys by name.

    >>> about("spec.dataFrom[0].extract", "b/c", "a b")
    'spec.dataFrom[0].extract: a b, b/c'
    """
    names = ", ".join(map(shown, sorted(keys)[:_SHOWN_MAX]))
    more = ", ..." if len(keys) > _SHOWN_MAX else ""
    return f"{place}: {names}{more}" if names else place
