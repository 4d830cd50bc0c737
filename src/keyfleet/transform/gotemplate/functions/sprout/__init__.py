# SPDX-License-Identifier: Apache-2.0
"""Sprout v1.0.3, all its registries: the functions of KubeNSync.

They grew out of sprig's, with names and orders of arguments of their own, and report errors where
sprig gives something else. What both do alike is taken from there. Where an argument moved to the
end, the old order still works. `env` and `expandEnv` would leave the sandbox: refused.
Source: docs/compat/go-templates.md 18.
"""

from typing import Final

from keyfleet.transform.gotemplate.functions.sprout.conversion import CONVERSION
from keyfleet.transform.gotemplate.functions.sprout.deprecated import deprecated
from keyfleet.transform.gotemplate.functions.sprout.encodings import ENCODINGS
from keyfleet.transform.gotemplate.functions.sprout.letters import LETTERS
from keyfleet.transform.gotemplate.functions.sprout.lists import LISTS
from keyfleet.transform.gotemplate.functions.sprout.maps import MAPS
from keyfleet.transform.gotemplate.functions.sprout.network import NETWORK
from keyfleet.transform.gotemplate.functions.sprout.numeric import NUMERIC
from keyfleet.transform.gotemplate.functions.sprout.reflection import REFLECTION
from keyfleet.transform.gotemplate.functions.sprout.regexps import REGEXPS
from keyfleet.transform.gotemplate.functions.sprout.shared import SHARED
from keyfleet.transform.gotemplate.functions.sprout.texts import TEXTS
from keyfleet.transform.gotemplate.functions.sprout.times import TIMES
from keyfleet.transform.gotemplate.functions.sprout.words import WORDS
from keyfleet.transform.gotemplate.functions.sprout.wrapping import WRAPPING
from keyfleet.transform.gotemplate.functions.table import Table

_FAMILIES: Final = (
    SHARED, CONVERSION, ENCODINGS, LETTERS, LISTS, MAPS, NETWORK, NUMERIC, REFLECTION, REGEXPS,
    TEXTS, TIMES, WORDS, WRAPPING,
)  # fmt: skip


def table() -> Table:
    """Return all functions of the set."""
    functions = Table().union(*_FAMILIES)
    return functions.union(deprecated(functions))
