# SPDX-License-Identifier: Apache-2.0
"""Write docs/reference/errors.md from the source: every error code, what it says and what to do.

A code is the first argument of an error class of `keyfleet.base.errors`; scripts rely on it, so the
page is kept by this script and not by hand. `--check` fails when the page is stale.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "errors.md"
HEAD = """\
# Errors

Written by `make docs` from the source. The class says what Keyfleet does about it: see
`src/keyfleet/base/errors.py`.

| code | class | message | hint |
|---|---|---|---|
"""


def error_classes() -> set[str]:
    """Return the names of the classes that errors.py defines."""
    tree = ast.parse((ROOT / "src" / "keyfleet" / "base" / "errors.py").read_bytes())
    return {node.name for node in tree.body if isinstance(node, ast.ClassDef)}


def shown(node: ast.expr | None) -> str:
    """Return a text as it stands in the source; parts known only at run time become `<name>`."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(shown(part) for part in parts)
        case ast.FormattedValue(value=value):
            return f"<{ast.unparse(value)}>"
        case _:
            return ""


def rows(tree: ast.AST, classes: set[str]) -> Iterator[tuple[str, str, str, str]]:
    """Yield (code, class, message, hint) of every error that is made in a file."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[code, *rest]) if name in classes:
                hints = [word.value for word in node.keywords if word.arg == "hint"] + rest[2:3]
                message = shown(rest[0] if rest else None)
                yield shown(code), name, message, shown(hints[0] if hints else None)
            case ast.ClassDef(bases=[ast.Name(id=name)]) if name in classes:
                yield from own_rows(node, name)


def own_rows(kind: ast.ClassDef, base: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield the row of a class with a code of its own, which it gives to its base."""
    for node in ast.walk(kind):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr="__init__"),
                args=[ast.Constant() | ast.JoinedStr() as code, *_],
            ):
                yield shown(code), base, (ast.get_docstring(kind) or "").partition(".")[0], ""


def page() -> str:
    """Return the whole page."""
    classes = error_classes()
    found = {
        row
        for path in (ROOT / "src").rglob("*.py")
        for row in rows(ast.parse(path.read_bytes()), classes)
        if row[0]
    }
    lines = (
        f"| `{code}` | {' | '.join(text.replace('|', chr(92) + '|') for text in rest)} |\n"
        for code, *rest in sorted(found)
    )
    return HEAD + "".join(lines)


def main() -> int:
    """Write the page, or with `--check` say whether it is as it would be written."""
    if sys.argv[1:] == ["--check"]:
        stale = not PAGE.exists() or PAGE.read_text() != page()
        print(f"{PAGE.relative_to(ROOT)}: {'stale, run `make docs`' if stale else 'current'}")
        return int(stale)
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
