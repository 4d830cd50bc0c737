# SPDX-License-Identifier: Apache-2.0
"""The functions of the language itself, which every template has.

logic      and, or, not, eq, ne, lt, le, gt, ge
items      len, index, slice, call
texts      print, printf, println, html, js, urlquery

Source: docs/compat/go-templates.md 11.
"""

from keyfleet.transform.gotemplate.functions.builtins.items import ITEMS
from keyfleet.transform.gotemplate.functions.builtins.logic import LOGIC
from keyfleet.transform.gotemplate.functions.builtins.texts import TEXTS
from keyfleet.transform.gotemplate.functions.table import Table


def table() -> Table:
    """Return all of them."""
    return LOGIC.union(ITEMS, TEXTS)
