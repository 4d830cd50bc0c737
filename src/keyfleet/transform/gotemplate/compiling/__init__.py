# SPDX-License-Identifier: Apache-2.0
"""From a tree to closures over a frame.

`compiler` is the way in. `statements` compiles text, actions and control structures (which run as
`controls`, `looping` and `definitions` say), `expressions` pipelines: `variables` in their `slots`,
`chains` of fields, `calls` and their `arguments`. A `frame` is one execution of one definition.
"""
