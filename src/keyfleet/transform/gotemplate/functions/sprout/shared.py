# SPDX-License-Identifier: Apache-2.0
"""What sprout and sprig do alike, under sprout's names. Source: docs/compat/go-templates.md 18."""

from dataclasses import replace
from typing import Any, Final

from keyfleet.transform.gotemplate.functions import sprig
from keyfleet.transform.gotemplate.functions.table import Function, Table
from keyfleet.transform.gotemplate.run import Run

_SAME: Final = (
    "adler32sum", "all", "any", "cat", "coalesce", "contains", "default", "dict", "empty",
    "hasPrefix", "hasSuffix", "hello", "indent", "keys", "list", "nindent", "nospace", "now",
    "osBase", "osClean", "osDir", "osExt", "osIsAbs", "plural", "pluck", "quote", "randAlpha",
    "randAlphaNum", "randAscii", "randInt", "randNumeric", "repeat", "replace", "semver",
    "semverCompare", "seq", "sha1sum", "sha256sum", "shuffle", "split", "splitList", "splitn",
    "squote", "ternary", "toString", "trim", "trimAll", "trimPrefix", "trimSuffix", "trunc",
    "typeIs", "typeIsLike", "typeOf", "unixEpoch", "until", "untilStep", "untitle", "uuidv4",
)  # fmt: skip
_OTHER_NAMES: Final = {
    "adler32Sum": "adler32sum",
    "base32Encode": "b32enc",
    "base64Encode": "b64enc",
    "pathBase": "base",
    "pathClean": "clean",
    "pathDir": "dir",
    "pathExt": "ext",
    "pathIsAbs": "isAbs",
    "sha1Sum": "sha1sum",
    "sha256Sum": "sha256sum",
    "sha512Sum": "sha512sum",
    "toLower": "lower",
    "toUpper": "upper",
}
_JOINING: Final = ("cat", "quote", "squote")


def _enter_all() -> Table:
    functions = sprig.table()
    names = {name: name for name in _SAME} | _OTHER_NAMES
    found = {name: replace(functions[old], name=name) for name, old in names.items()}
    return Table(found | {name: _after_nil(found[name]) for name in _JOINING})


def _after_nil(function: Function) -> Function:
    """Return a function that joins texts, with the space after a nil that comes first."""

    def call(run: Run, *values: Any) -> str:
        text = function.call(run, *values)
        has_space = values[:1] == (None,) and any(value is not None for value in values)
        return f" {text}" if has_space else str(text)

    return replace(function, call=call)


SHARED: Final = _enter_all()
SHARED.disable("env", "expandEnv")
