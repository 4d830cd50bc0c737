# SPDX-License-Identifier: Apache-2.0
"""What may be deleted, and when.

`confirm` and `holds` say whether an intent is positively gone, `doomed` surveys all that is about
to go, `breaker` has `plan.breaker` judge it; the verdict is kept on the hub (`heldcopy`,
`heldstore`) and told (`heldnews`). `gate` is what passes ask. `departures` are clusters that leave
the fleet, `pruning` is one run from a laptop.
"""
