# SPDX-License-Identifier: Apache-2.0
"""The border to the libraries of keys and certificates: nothing they raise comes through."""

from collections.abc import Iterator
from contextlib import contextmanager

from keyfleet.transform.gotemplate.errors import BudgetError, Data, GoError


@contextmanager
def refusing(*parts: str | Data) -> Iterator[None]:
    """Turn whatever goes wrong inside into one `GoError`.

    Their exceptions are many, have no common base and may quote what they read; a panic of a
    library written in Rust is not even an `Exception`.

    Raises:
        GoError: Of these parts; one raised inside stays as it is.
    """
    try:
        yield
    except GoError:
        raise
    except Exception:  # noqa: BLE001 - see above
        raise GoError(*parts) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise GoError(*parts) from None


@contextmanager
def within(what: str) -> Iterator[None]:
    """Put before an error what was being done, as Go's functions wrap each other's.

    Raises:
        GoError: The one raised inside, with a longer text; budgets stay as they are.
    """
    try:
        yield
    except BudgetError:
        raise
    except GoError as error:
        raise GoError(what, *error.parts) from None
