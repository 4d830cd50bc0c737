# SPDX-License-Identifier: Apache-2.0
"""Compiled regular expressions: RE2 as Go builds it, what it may cost, and Go's words for errors.

Nothing can interrupt RE2, so every search is paid for before it starts: by the KiB where its
automaton has few states, by bytes times instructions where it may have too many to keep.
Source: docs/compat/go-templates.md 20.4.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import re2

from keyfleet.base.regexps import LETTERS_MAX, REPEATED_MAX, repeated
from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import encoded

_MEMORY_BYTES: Final = 8 << 20
_KEPT_MAX: Final = 6
_SLOTS_MAX: Final = 1 << 20
"""Where each instruction remembers the two ends of each group, in 16 bytes, beside the above."""
_REASONS: Final[Mapping[str, str]] = {
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "unexpected )": "unexpected )",
    "no argument for repetition operator": "missing argument to repetition operator",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid repetition size": "invalid repeat count",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
    "invalid character class range": "invalid character class range",
    "invalid character class": "invalid character class",
    "invalid escape sequence": "invalid escape sequence",
    "invalid UTF-8": "invalid UTF-8",
    "trailing \\": "trailing backslash at end of expression",
}
"""RE2's words, and Go's."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One compiled regular expression."""

    source: str
    program: Any
    """RE2's own object; matches bytes."""
    names: tuple[str, ...]
    """Of its groups; empty for those without one, and for the whole match at 0."""
    is_ascii: bool
    """It only matches ASCII text."""
    size: int
    """Instructions."""
    is_wild: bool
    """Its automaton may have so many states that RE2 cannot keep them."""

    def pay(self, run: Run, size_bytes: int) -> None:
        """Pay for one search over so many bytes."""
        work = size_bytes * self.size >> 10 if self.is_wild else size_bytes >> 12
        run.step(1 + work + (len(self.names) >> 4) + (self.size * len(self.names) >> 11))


def compiled(run: Run, source: str, *, subject: str) -> Pattern:
    """Return the regular expression, compiled to match the subject.

    Raises:
        GoError: It is invalid; Go's `error parsing regexp: ...`.
    """
    if len(source) > LETTERS_MAX or repeated(source) > REPEATED_MAX:
        raise GoError("error parsing regexp: expression too large")
    run.step(1 + len(source) // 32 + 8 * (source.count(r"\p") + source.count(r"\P")))
    pattern = _compiled_for(run, source, is_ascii=source.isascii() and subject.isascii())
    if isinstance(pattern, GoError):
        run.step(len(source) // 4)
        raise GoError(*pattern.parts)  # anew: a kept one would gather the frames of every render
    run.step(pattern.size // 32)
    return pattern


def _compiled_for(run: Run, source: str, *, is_ascii: bool) -> Pattern | GoError:
    # RE2 takes milliseconds for each class of Unicode that ignores case in Latin-1.
    is_slow = "(?" in source and (r"\p" in source or r"\P" in source)
    if is_ascii and not is_slow:  # smaller: a class is one instruction, not the tree of its UTF-8
        pattern = _kept(run, source, is_ascii=True)
        if isinstance(pattern, Pattern):
            return pattern
    return _kept(run, source, is_ascii=False)


def _kept(run: Run, source: str, *, is_ascii: bool) -> Pattern | GoError:
    """Compile, or return what this render has: a pattern may be a secret, and no other's matter.

    A few are kept, because each may take `_MEMORY_BYTES` once it has run.
    """
    kept: dict[tuple[str, bool], Pattern | GoError] = run.scratch.setdefault("patterns", {})
    found = kept.get((source, is_ascii))
    if found is None:
        if len(kept) >= _KEPT_MAX:
            kept.pop(next(iter(kept)))
        run.step(repeated(source))
        found = kept[source, is_ascii] = _compile(source, is_ascii=is_ascii)
    return found


def _compile(source: str, *, is_ascii: bool) -> Pattern | GoError:
    options = re2.Options()
    options.max_mem = _MEMORY_BYTES
    options.log_errors = False
    if is_ascii:
        options.encoding = re2.Options.Encoding.LATIN1
    if fragment := _refused(source):
        return _error("invalid escape sequence", fragment)
    try:
        program = re2.compile(encoded(source), options=options)
    except re2.error as error:
        return _translated(error)
    finally:
        re2.purge()  # RE2's module would keep 128 of them
    if program.programsize * (program.groups + 1) > _SLOTS_MAX:
        return GoError("error parsing regexp: expression too large")
    return Pattern(
        source=source,
        program=program,
        names=_names(program),
        is_ascii=is_ascii,
        size=program.programsize,
        is_wild=_wildness(source) > 10,
    )


def _names(program: Any) -> tuple[str, ...]:
    names = [""] * (program.groups + 1)
    for name, index in program.groupindex.items():
        names[index] = name.decode()
    return tuple(names)


def _refused(source: str) -> str:
    r"""Return what RE2 takes and Go does not: `\C`, one byte of a character."""
    rest = source
    while (at := rest.find("\\")) >= 0:
        following = rest[at + 1 : at + 2]
        if following == "C":
            return r"\C"
        if following == "Q":
            at = rest.find(r"\E", at)
            if at < 0:
                return ""
        rest = rest[at + 2 :]
    return ""


_WILD: Final = frozenset(".[(|*+?")


def _wildness(source: str) -> int:
    """Return how many places a match may be at whatever the last characters were.

    A search remembers a set of places. Those in literal text follow from the text; only the others
    multiply its states, and a counted repetition makes many of one.
    """
    return sum(character in _WILD or character == "\\" for character in source) + repeated(source)


def _translated(error: Exception) -> GoError:
    text = error.args[0]
    message = text.decode("utf-8", "surrogateescape") if isinstance(text, bytes) else str(text)
    reason, _, fragment = message.partition(": ")
    known = _REASONS.get(reason)
    return (
        _error(known, fragment) if known else GoError("error parsing regexp: expression too large")
    )


def _error(reason: str, fragment: str) -> GoError:
    if reason == "trailing backslash at end of expression":
        return GoError(f"error parsing regexp: {reason}: ``")
    return GoError(f"error parsing regexp: {reason}: `", Data(fragment), "`")
