# SPDX-License-Identifier: Apache-2.0
"""YAML as Go's libraries read and write it.

`encode_yaml` gives the text of a Go value, `decode_yaml` the Go value of a text, and
`decode_yaml_mapping` that of one whose keys are text. The dialect says whose: `V2` is what
sigs.k8s.io/yaml and consul-template use (YAML 1.1), `V3` what sprout uses. `to_kubernetes_yaml` and
`from_kubernetes_yaml` are sigs.k8s.io/yaml: YAML by way of JSON.
Source: docs/compat/go-templates.md 20.2 and 20.3.
"""

from keyfleet.transform.gotemplate.formats.yaml.decoding import decode_yaml, decode_yaml_mapping
from keyfleet.transform.gotemplate.formats.yaml.dialect import V2, V3, Dialect
from keyfleet.transform.gotemplate.formats.yaml.encoding import encode_yaml
from keyfleet.transform.gotemplate.formats.yaml.kubernetes import (
    from_kubernetes_yaml,
    to_kubernetes_yaml,
)

__all__ = [
    "V2",
    "V3",
    "Dialect",
    "decode_yaml",
    "decode_yaml_mapping",
    "encode_yaml",
    "from_kubernetes_yaml",
    "to_kubernetes_yaml",
]
