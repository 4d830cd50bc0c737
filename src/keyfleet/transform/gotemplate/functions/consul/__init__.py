# SPDX-License-Identifier: Apache-2.0
"""consul-template's functions, which templates of Vault's agent use.

    texts, encodings, parsing, documents, arithmetic, containers, flow
                  what works on its arguments alone
    scratch       notes for the length of one render
    vault         what is read from Vault, see `keyfleet.transform.gotemplate.reads`
    refused       the machine, Consul and Nomad

Sprig's functions are there too, with `sprig_` before their names, but for those that tell the time
or are random. Source: docs/compat/go-templates.md 19.
"""

from typing import Final

from keyfleet.transform.gotemplate.functions import sprig
from keyfleet.transform.gotemplate.functions.consul.arithmetic import ARITHMETIC
from keyfleet.transform.gotemplate.functions.consul.containers import CONTAINERS
from keyfleet.transform.gotemplate.functions.consul.documents import DOCUMENTS
from keyfleet.transform.gotemplate.functions.consul.encodings import ENCODINGS
from keyfleet.transform.gotemplate.functions.consul.flow import FLOW
from keyfleet.transform.gotemplate.functions.consul.parsing import PARSING
from keyfleet.transform.gotemplate.functions.consul.refused import REFUSED
from keyfleet.transform.gotemplate.functions.consul.scratch import SCRATCH
from keyfleet.transform.gotemplate.functions.consul.texts import TEXTS
from keyfleet.transform.gotemplate.functions.consul.vault import VAULT
from keyfleet.transform.gotemplate.functions.table import Table

_FAMILIES: Final = (
    ARITHMETIC, CONTAINERS, DOCUMENTS, ENCODINGS, FLOW, PARSING, REFUSED, SCRATCH, TEXTS, VAULT,
)  # fmt: skip
_LEFT_OUT: Final = (
    "date", "dateInZone", "dateModify", "date_in_zone", "date_modify", "env", "expandenv",
    "getHostByName", "htmlDate", "htmlDateInZone", "now", "randAlpha", "randAlphaNum", "randAscii",
    "randBytes", "randNumeric", "uuidv4",
)  # fmt: skip
"""Of sprig: what depends on the time or the machine, or is random."""


def table() -> Table:
    """Return all functions of the set."""
    return Table().union(sprig.table().without(*_LEFT_OUT).prefixed("sprig_"), *_FAMILIES)
