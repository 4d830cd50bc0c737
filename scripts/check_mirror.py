# SPDX-License-Identifier: Apache-2.0
"""Check that tests/unit mirrors src where decisions are made: each file has its own test file.

`src/keyfleet/plan/guards.py` is tested by `tests/unit/plan/test_guards.py`, so that a reader finds
the rules of a file without searching. Files without a statement of their own need none.
"""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MIRRORED = ("kube", "model", "plan", "transform")


def has_code(path: Path) -> bool:
    """Return whether a file holds more than a docstring, imports and names."""
    plain = (ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
    return any(not isinstance(node, plain) for node in ast.parse(path.read_bytes()).body)


def mirror_of(source: Path) -> Path:
    """Return where the tests of a source file belong."""
    place = source.relative_to(ROOT / "src" / "keyfleet")
    name = place.parent.name if place.stem == "__init__" else place.stem
    return ROOT / "tests" / "unit" / place.parent / f"test_{name}.py"


def main() -> int:
    """Print every source file without its test file and return 1 when there is one."""
    sources = (
        path
        for stage in MIRRORED
        for path in sorted((ROOT / "src" / "keyfleet" / stage).rglob("*.py"))
        if has_code(path)
    )
    missing = [
        f"{source.relative_to(ROOT)}: no {mirror_of(source).relative_to(ROOT)}"
        for source in sources
        if not mirror_of(source).exists()
    ]
    print("\n".join([*missing, f"check_mirror: {len(missing)} findings"]))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
