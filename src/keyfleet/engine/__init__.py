# SPDX-License-Identifier: Apache-2.0
"""Run the stages: the only package that knows their order.

Keys, never events, wait in one `Lane` per cluster. A pass over a key gathers (`views`, `rounds`),
decides (`plan.decide`), delivers and remembers; whatever is lost or repeated on the way, the next
pass finds out. `Engine` is the controller, `oneshot` the same passes for the command line;
`members` are the engaged clusters, `deletion` is what may go.
"""
