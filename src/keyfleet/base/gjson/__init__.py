# SPDX-License-Identifier: Apache-2.0
r"""Parts of a JSON document by gjson's path syntax, which manifests use as `property`.

    find           the way in
    paths          a path's parts: keys, indexes, queries, pipes, multipaths
    looking        walks a document along a path
    matching       wildcards, and the comparisons of queries
    modifiers      what begins with `@` or `!`; printing is the longest of them
    found, work    what was found; what finding it may cost

`a.b`, `a\.b`, `a*.?`, `list.0`, `list.#`, `list.#.name`, `list.#(age>40)#.name`, `a|b`, `@keys`,
`{a,b.c}`, `[a,b]`, `!"x"` mean what they mean there. Unlike there a document has to be JSON, and so
has everything on the way; a part of something else is absent. What is found keeps its text: blanks,
escapes, digits, bytes that are no UTF-8.

Both the path and the document may be hostile: work and depth are bounded (`work`), and what would
take more is absent. Nothing here raises on what it is given.
Source: docs/compat/eso.md, "Properties"; the vectors beside the tests are gjson's own answers.
"""

from keyfleet.base.gjson.found import Found
from keyfleet.base.gjson.looking import escaped, find

__all__ = ["Found", "escaped", "find"]
