# SPDX-License-Identifier: Apache-2.0
"""What consul-template offers and Keyfleet does not: the machine, Consul and Nomad.

Source: docs/compat/go-templates.md 15 and 19.
"""

from typing import Any

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.functions.table import ANY, Table

REFUSED = Table()
REFUSED.disable(
    "env", "envOrDefault", "file", "mustEnv", "plugin", "sockaddr", "spew_dump", "spew_printf",
    "spew_sdump", "spew_sprintf", "writeToFile",
)  # fmt: skip


@REFUSED.function(
    "byKey", "byMeta", "byPort", "byTag", "caLeaf", "caRoots", "connect", "datacenters", "explode",
    "exportedServices", "importedServices", "key", "keyExists", "keyOrDefault", "ls", "node",
    "nodes", "nomadService", "nomadServices", "nomadVar", "nomadVarExists", "nomadVarList",
    "nomadVarListSafe", "partitions", "peerings", "safeLs", "safeTree", "service", "services",
    "tree",
    variadic=ANY,
)  # fmt: skip
def needs_consul(*_: Any) -> Any:
    """Refuse: there is no Consul and no Nomad to ask."""
    raise GoError("needs Consul or Nomad, which Keyfleet does not ask")
