# SPDX-License-Identifier: Apache-2.0
"""In what two major versions of Go's YAML library differ."""

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Dialect:
    """One version of the library."""

    has_old_booleans: bool
    """`yes`, `no`, `on`, `off`, `y` and `n` are booleans, as in YAML 1.1; else just quoted."""
    has_times: bool
    """Dates and times are read as such; else they stay text."""
    merges_at_once: bool
    """`<<` overrides the keys before it; else none of the mapping's own."""
    refuses_duplicates: bool
    reports_beginnings: bool
    """An error names the line where the thing that is wrong begins; else where that shows."""
    is_any_keyed: bool
    """Mappings are `map[interface {}]interface {}`; else only if a key is no string."""
    line_width: int
    """Scalars are folded at the first space after this column; 0: never."""
    indent: int
    aligns_lists: bool
    """The items of a list stand below the key that holds it; else they are indented."""
    puts_letters_after_digits_first: bool
    """`1b` is written before `1.a`; else letters come after everything but letters."""
    has_tabs_in_blocks: bool
    """Tabs may stand in a literal block; else the text is quoted."""

    def indented(self, indent: int) -> "Dialect":
        """Return the same with an indentation from 2 to 9: for 0 its own, for all else 2."""
        return replace(self, indent=indent if 2 <= indent <= 9 else 2) if indent else self


V2: Final = Dialect(
    has_old_booleans=True,
    has_times=False,
    merges_at_once=True,
    refuses_duplicates=False,
    reports_beginnings=False,
    is_any_keyed=True,
    line_width=80,
    indent=2,
    aligns_lists=True,
    puts_letters_after_digits_first=False,
    has_tabs_in_blocks=False,
)
V3: Final = Dialect(
    has_old_booleans=False,
    has_times=True,
    merges_at_once=False,
    refuses_duplicates=True,
    reports_beginnings=True,
    is_any_keyed=False,
    line_width=0,
    indent=4,
    aligns_lists=False,
    puts_letters_after_digits_first=True,
    has_tabs_in_blocks=True,
)
