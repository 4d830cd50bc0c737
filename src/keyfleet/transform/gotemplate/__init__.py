# SPDX-License-Identifier: Apache-2.0
"""Go's text/template in Python: the same text, the same functions, the same answers.

A small interpreter, in the order of its work:

    lexer, scanning    source text -> tokens; constants: what those say
    parser, pipelines  tokens -> tree (nodes), with every parse error of Go
      cursor, scope    ... where it is, which variables exist; openings: what has no end yet
    compiler           tree -> closures, made once for (text, delimiters, function set) and kept
      statements       ... of text, actions and control structures: controls, looping, definitions
      expressions      ... of pipelines: variables (in slots), chains of fields, calls, arguments
    values, run        what the closures work on: Go's types; the budget of one render
    frame              ... and one execution of one definition
    truth, comparing, fields, printing, formatting
                       what the language itself says about values
    functions/         one folder or file for each set: builtins, sprig, eso, sprout, consul
    formats/           what several sets share: JSON, YAML, regular expressions, times, ...
    rendering          the way in: roots makes Go values of the data, redaction guards the errors

Nothing here reads a file, the environment, the clock or the network, and no template reaches a
Python attribute. Source: docs/compat/go-templates.md.
"""

from keyfleet.transform.gotemplate.errors import TemplateError
from keyfleet.transform.gotemplate.rendering import render

__all__ = ["TemplateError", "render"]
