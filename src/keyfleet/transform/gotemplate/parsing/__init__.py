# SPDX-License-Identifier: Apache-2.0
"""From a template's source to its tree, with every parse error of Go.

`lexer` cuts the source into tokens (`scanning`: where each ends; `constants`: what it means);
`parser` and `pipelines` make `nodes` of them. `cursor` is the place among the tokens, `scope` the
variables that exist there, `openings` what has no end yet.
"""
