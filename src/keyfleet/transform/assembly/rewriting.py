# SPDX-License-Identifier: Apache-2.0
"""Keys made anew, one after another: by regular expressions (RE2, as Go replaces), by templates.

All rewriting of an assembly shares one budget (`LIMITS`), and what regular expressions may take of
memory is RE2's to keep to: hostile keys end in an error, not in a loop that stands still. Where two
keys become the same, that of the last by name stays; upstream leaves it to chance.
Source: docs/compat/eso.md, "Rewrite".
"""

from collections.abc import Mapping
from typing import Final

from keyfleet.base.errors import TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.model.assembly import MergeRewrite, RegexpRewrite, Rewrite, TransformRewrite
from keyfleet.transform.assembly.merging import merged
from keyfleet.transform.gotemplate.compiling.compiler import Compiled
from keyfleet.transform.gotemplate.errors import BudgetError, GoError, TemplateError
from keyfleet.transform.gotemplate.formats.regexp import replace_all
from keyfleet.transform.gotemplate.rendering import Kind, compiled
from keyfleet.transform.gotemplate.roots import go_string
from keyfleet.transform.gotemplate.run import Limits, Run
from keyfleet.transform.gotemplate.values import string_map

LIMITS: Final = Limits(
    steps=50_000,
    memory_bytes=32 << 20,
    string_bytes=1 << 20,
    output_bytes=1 << 20,
    generated_keys=0,
    slow_hashes=0,
)
"""Of all rewriting of one assembly: a third of a second at worst. A function that takes seconds by
itself names no key."""
KEYS_MAX_BYTES: Final = 2 << 20
"""Of all keys together, after each rewrite."""
_TRANSFORM: Final = Kind("eso", "transform")


def rewritten(
    values: Mapping[str, SecretValue], rewrites: tuple[Rewrite, ...], run: Run, *, place: str
) -> dict[str, SecretValue]:
    """Return the values after each rewrite was applied to what the one before left.

    Raises:
        TransformError: `transform.rewrite_regexp`, `transform.rewrite_template`,
            `transform.rewrite_large`; as `merged`.
    """
    found = dict(values)
    for number, rewrite in enumerate(rewrites):
        where = f"{place}.rewrite[{number}]"
        match rewrite:
            case RegexpRewrite():
                found = _by_regexp(found, rewrite, run, f"{where}.regexp")
            case TransformRewrite():
                found = _by_template(found, rewrite, run, f"{where}.transform")
            case MergeRewrite():
                found = merged(found, rewrite, place=f"{where}.merge")
        if sum(map(len, found)) > KEYS_MAX_BYTES:
            raise _too_large(where)
    return found


def _by_regexp(
    values: Mapping[str, SecretValue], rewrite: RegexpRewrite, run: Run, place: str
) -> dict[str, SecretValue]:
    source, target = go_string(rewrite.source), go_string(rewrite.target)
    problem: TransformError | None = None
    found: dict[str, SecretValue] = {}
    try:
        replace_all(run, source, "", target)  # an error even where there are no keys
        for key in sorted(values):
            found[replace_all(run, source, go_string(key), target)] = values[key]
    except BudgetError:
        problem = _too_large(place)
    except GoError as error:
        problem = TransformError(
            "transform.rewrite_regexp",
            "the regular expression cannot be used",
            f"{place}.source: {error.shown(source)}",
            "correct it; the syntax is that of RE2",
        )
    if problem is not None:
        raise problem
    return found


def _by_template(
    values: Mapping[str, SecretValue], rewrite: TransformRewrite, run: Run, place: str
) -> dict[str, SecretValue]:
    problem: TransformError | None = None
    found: dict[str, SecretValue] = {}
    try:
        template = compiled(rewrite.template, _TRANSFORM)
        for key in sorted(values):
            found[_executed(template, key, run)] = values[key]
    except TemplateError as error:
        problem = TransformError(
            "transform.rewrite_template",
            "the template fails",
            f"{place}.template: {error.message}",
            "correct the template",
        )
    if problem is not None:
        raise problem
    return found


def _executed(template: Compiled, key: str, run: Run) -> str:
    run.scratch.clear()
    return template.execute(string_map({"value": go_string(key)}), run, missing="default")


def _too_large(place: str) -> TransformError:
    return TransformError(
        "transform.rewrite_large",
        "rewriting takes too long, or makes too much",
        place,
        "ask the store for fewer secrets",
    )
