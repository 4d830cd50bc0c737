# SPDX-License-Identifier: Apache-2.0
"""Go's text/template in Python: the same text, the same functions, the same answers.

A small interpreter, in the order of its work:

    parsing/           source text -> tokens -> tree, with every parse error of Go
    compiling/         tree -> closures, made once for (text, delimiters, function set) and kept
    values, run        what the closures work on: Go's types; the budget of one render
    truth, comparing, equality, merging, fields, printing, formatting/
                       what the language itself says about values
    functions/         one folder or file for each set: builtins, sprig, eso, sprout, consul
    formats/           what several sets share: JSON, YAML, regular expressions, times, keys, ...
    rendering          the way in: roots makes Go values of the data, redaction guards the errors,
                       reads finds out which secrets a template asks for by itself

Nothing here reads a file, the environment, the clock or the network, and no template reaches a
Python attribute. Source: docs/compat/go-templates.md.
"""

from keyfleet.transform.gotemplate.errors import TemplateError
from keyfleet.transform.gotemplate.rendering import render

__all__ = ["TemplateError", "render"]
