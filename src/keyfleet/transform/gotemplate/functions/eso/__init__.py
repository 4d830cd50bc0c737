# SPDX-License-Identifier: Apache-2.0
"""External Secrets' functions: sprig's, with two changes, and those of keys, certificates, YAML.

Source: docs/compat/go-templates.md 17.
"""

from typing import Final

from keyfleet.transform.gotemplate.functions import sprig
from keyfleet.transform.gotemplate.functions.eso import certificates, changed, keys, stores, yaml
from keyfleet.transform.gotemplate.functions.table import Table

_FAMILIES: Final = (certificates.CERTIFICATES, changed.CHANGED, keys.KEYS, stores.STORES, yaml.YAML)


def table() -> Table:
    """Return all functions of the set."""
    return sprig.table().union(*_FAMILIES)
