# SPDX-License-Identifier: Apache-2.0
"""One engaged cluster: what its watches show, and what is remembered of its targets.

`member` starts and stops it and answers passes; `targetwatch`, `namespacewatch` and `sourcewatches`
follow what they are called after (`watchmaker` makes their informers, `scopes` narrows them to some
namespaces); `owners` indexes whose targets are where; `memory` knows what was read and written.
"""
