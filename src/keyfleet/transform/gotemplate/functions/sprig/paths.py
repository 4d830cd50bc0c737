# SPDX-License-Identifier: Apache-2.0
"""Sprig's functions for paths: Go's `path` package, text only.

Source: docs/compat/go-templates.md 16.9.
"""

from typing import Final

from keyfleet.transform.gotemplate.functions.table import STRING, Table
from keyfleet.transform.gotemplate.run import Run

PATHS: Final = Table()


@PATHS.function("clean", "osClean", params=(STRING,), run=True)
def clean(run: Run, path: str) -> str:
    """Return the shortest path that means the same."""
    run.will_hold(path.count("/") + 1)
    run.walk(path.count("/"))
    is_rooted = path.startswith("/")
    kept: list[str] = []
    for name in path.split("/"):
        if name == ".." and kept and kept[-1] != "..":
            kept.pop()
        elif name == ".." and is_rooted:
            continue
        elif name not in {"", "."}:
            kept.append(name)
    return "/" * is_rooted + "/".join(kept) or "."


@PATHS.function("dir", "osDir", params=(STRING,), run=True)
def directory(run: Run, path: str) -> str:
    """Return all but the last element."""
    return clean(run, path[: path.rfind("/") + 1])


@PATHS.function("base", "osBase", params=(STRING,))
def base(path: str) -> str:
    """Return the last element."""
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


@PATHS.function("ext", "osExt", params=(STRING,))
def extension(path: str) -> str:
    """Return the last element from its last dot on."""
    _, dot, end = path.rpartition("/")[2].rpartition(".")
    return dot + end if dot else ""


@PATHS.function("isAbs", "osIsAbs", params=(STRING,))
def is_absolute(path: str) -> bool:
    """Return whether the path begins at the root."""
    return path.startswith("/")
