# SPDX-License-Identifier: Apache-2.0
"""What `if`, `with`, `and`, `or` and `not` take for true."""

from typing import Any

from keyfleet.transform.gotemplate.values import GoObject


def is_true(value: Any) -> bool:
    """Return whether a Go value is true: neither nothing, nor zero, nor empty.

    >>> [is_true(value) for value in (0, "", [], {}, None, False)]
    [False, False, False, False, False, False]
    >>> is_true("0")
    True
    """
    return isinstance(value, GoObject) or bool(value)
