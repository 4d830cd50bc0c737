# SPDX-License-Identifier: Apache-2.0
"""Sprout's regular expressions: sprig's, with errors for bad patterns, and those for groups.

Source: docs/compat/go-templates.md 18.
"""

from typing import Final

from keyfleet.transform.gotemplate.formats import regexp
from keyfleet.transform.gotemplate.formats.patterns import compiled
from keyfleet.transform.gotemplate.functions.sprig.regexps import REGEXPS as SPRIG
from keyfleet.transform.gotemplate.functions.table import INT, STRING, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import GoList, GoMap, string_map, strings

REGEXPS: Final = Table()
_SAME: Final = ("Find", "FindAll", "Match", "ReplaceAll", "ReplaceAllLiteral", "Split")

for _name in _SAME:
    _function = SPRIG[f"mustRegex{_name}"]
    REGEXPS.function(f"regex{_name}", f"mustRegex{_name}", params=_function.params, run=True)(
        _function.call
    )
REGEXPS.function("regexQuoteMeta", params=(STRING,), run=SPRIG["regexQuoteMeta"].takes_run)(
    SPRIG["regexQuoteMeta"].call
)


@REGEXPS.function("regexFindGroups", params=(STRING, STRING), run=True)
def find_groups(run: Run, pattern: str, text: str) -> GoList:
    """Return the first match and its groups."""
    found = regexp.find(run, pattern, text)
    return strings(found.groups() if found else ())


@REGEXPS.function("regexFindAllGroups", params=(STRING, INT, STRING), run=True)
def find_all_groups(run: Run, pattern: str, limit: int, text: str) -> GoList:
    """Return at most so many matches, each with its groups."""
    found = [strings(match.groups()) for match in _matches(run, pattern, text, limit)]
    return GoList(found, "[]string")


@REGEXPS.function("regexFindNamed", params=(STRING, STRING), run=True)
def find_named(run: Run, pattern: str, text: str) -> GoMap:
    """Return the named groups of the first match."""
    found = regexp.find(run, pattern, text)
    return _named(run, pattern, found) if found else string_map({})


@REGEXPS.function("regexFindAllNamed", params=(STRING, INT, STRING), run=True)
def find_all_named(run: Run, pattern: str, limit: int, text: str) -> GoList:
    """Return the named groups of at most so many matches."""
    found = [_named(run, pattern, match) for match in _matches(run, pattern, text, limit)]
    return GoList(found, "map[string]string")


def _matches(run: Run, pattern: str, text: str, limit: int) -> list[regexp.Match]:
    found = []
    for match in regexp.matches(run, pattern, text, limit):
        run.will_hold(len(match.spans))
        found.append(match)
    return found


def _named(run: Run, pattern: str, match: regexp.Match) -> GoMap:
    names = compiled(run, pattern, subject="").names
    run.step(1 + len(names) // 64)
    return string_map({name: match.group(index) for index, name in enumerate(names) if name})
