# SPDX-License-Identifier: Apache-2.0
"""What becomes of the answers of stores: one map of keys and values.

    assembling    the way in: piece after piece, later keys win
    keys          which keys there may be, and how others are made so
    rewriting     keys made anew by regular expressions and templates; bounded
    merging       values that are JSON objects, merged
    objects       JSON objects as Go reads them into a map

Source: docs/compat/eso.md, "Assembly".
"""

from keyfleet.transform.assembly.assembling import assembled, is_quick

__all__ = ["assembled", "is_quick"]
