# SPDX-License-Identifier: Apache-2.0
"""The global flags, which stand before or after the command."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

from keyfleet.base.errors import InvalidInputError


class Format(StrEnum):
    """How data are printed."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


class LogFormat(StrEnum):
    """How log lines on standard error are written."""

    TEXT = "text"
    JSON = "json"


class Colour(StrEnum):
    """When output is coloured."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


_GLOBAL = Group("Global flags", sort_key=9)


@Parameter(name="*", group=_GLOBAL)
@dataclass(frozen=True, slots=True)
class Common:
    """What every command understands."""

    kubeconfig: Annotated[
        tuple[Path, ...], Parameter(consume_multiple=False, negative="", metavar="FILE")
    ] = ()
    """A kubeconfig file; may be repeated: the first one wins, as with kubectl."""
    context: Annotated[str, Parameter(name=["--context", "--hub"], metavar="NAME")] = ""
    """The hub's context; default: KEYFLEET_CONTEXT, then the current context."""
    cluster: Annotated[
        tuple[str, ...],
        Parameter(name=["--cluster", "-c"], consume_multiple=False, negative="", metavar="NAME"),
    ] = ()
    """Only clusters of this name; may be repeated, * and ? are wildcards."""
    cluster_selector: Annotated[str, Parameter(metavar="SELECTOR")] = ""
    """Only clusters with these labels, such as env=production."""
    namespace: Annotated[str, Parameter(name=["--namespace", "-n"], metavar="NAME")] = ""
    """Only this namespace of the hub; default: KEYFLEET_NAMESPACE, then all."""
    output: Annotated[Format | None, Parameter(name=["--output", "-o"], metavar="FORMAT")] = None
    """How to print; default: KEYFLEET_OUTPUT, then table."""
    verbose: Annotated[int, Parameter(name=["--verbose", "-v"], count=True, negative="")] = 0
    """Say more on standard error; -vv shows tracebacks."""
    log_format: Annotated[LogFormat, Parameter(metavar="FORMAT")] = LogFormat.TEXT
    """How to write log lines."""
    color: Annotated[Colour, Parameter(metavar="WHEN")] = Colour.AUTO
    """Colours; auto means on a terminal, and never with NO_COLOR."""

    @property
    def is_machine_readable(self) -> bool:
        """Tell whether the output is for a program."""
        return self.output in (Format.JSON, Format.YAML, Format.NAME)

    @property
    def is_wide(self) -> bool:
        """Tell whether more is wanted than usual."""
        return self.output is Format.WIDE


NO_OPTIONS = Common()

_VALUED = {
    name: flag
    for flag, names in {
        "--kubeconfig": (),
        "--context": ("--hub",),
        "--cluster": ("-c",),
        "--cluster-selector": (),
        "--namespace": ("-n",),
        "--output": ("-o",),
        "--log-format": (),
        "--color": (),
    }.items()
    for name in (flag, *names)
}
ENVIRONMENT = {
    "--context": "KEYFLEET_CONTEXT",
    "--namespace": "KEYFLEET_NAMESPACE",
    "--output": "KEYFLEET_OUTPUT",
}
"""Flag -> variable that stands in for it."""


@dataclass(slots=True)
class _Sorted:
    flags: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


def normalised(tokens: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """Return the command line with its global flags behind everything else.

    >>> normalised(["-o", "json", "status", "-v"], {})
    ['status', '-o', 'json', '-v']
    >>> normalised(["status"], {"KEYFLEET_OUTPUT": "yaml"})
    ['status', '--output', 'yaml']
    """
    own, rest = _split(tokens)
    found = _sort(own)
    given = {_VALUED[name] for token in found.flags if (name := _name(token)) in _VALUED}
    for flag, variable in ENVIRONMENT.items():
        if flag not in given and environ.get(variable):
            found.flags += [flag, environ[variable]]
    return [*found.words, *found.flags, *rest]


def verbosity(tokens: Sequence[str]) -> int:
    """Return how often -v was given, for errors of the command line itself.

    >>> verbosity(["-v", "status", "-vv"])
    3
    """
    own, _ = _split(tokens)
    return sum(1 if word.startswith("--") else len(word) - 1 for word in own if _is_verbose(word))


def _split(tokens: Sequence[str]) -> tuple[list[str], list[str]]:
    end = list(tokens).index("--") if "--" in tokens else len(tokens)
    return list(tokens[:end]), list(tokens[end:])


def _sort(tokens: Sequence[str]) -> _Sorted:
    found, waiting = _Sorted(), iter(tokens)
    for token in waiting:
        if _is_verbose(token):
            found.flags.append(token)
        elif _name(token) not in _VALUED:
            found.words.append(token)
        elif token in _VALUED:
            found.flags += [token, _value(token, waiting)]
        else:
            found.flags.append(token)
    return found


def _value(flag: str, waiting: Iterator[str]) -> str:
    value = next(waiting, None)
    if value is None:
        raise InvalidInputError("cli.usage", "the flag needs a value", flag)
    return value


def _is_verbose(word: str) -> bool:
    return word == "--verbose" or re.fullmatch("-v+", word) is not None


def _name(token: str) -> str:
    if token.startswith("--"):
        return token.partition("=")[0]
    return token[:2] if token.startswith("-") and len(token) > 1 else token
