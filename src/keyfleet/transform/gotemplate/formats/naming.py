# SPDX-License-Identifier: Apache-2.0
"""Errors with the name of what failed before them, as Go wraps them."""

from collections.abc import Callable
from typing import Any

from keyfleet.transform.gotemplate.errors import BudgetError, GoError


def named(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function gives.

    Raises:
        GoError: Its own error after a name and a colon.
        BudgetError: As it is.
    """
    try:
        return function(*arguments)
    except BudgetError:
        raise
    except GoError as error:
        raise GoError(f"{name}: ", *error.parts) from None
