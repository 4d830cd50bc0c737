# SPDX-License-Identifier: Apache-2.0
"""Semantic versions as Go's most used library reads, prints, compares and constrains them.

`parse_version` reads a version, `satisfies` asks if one meets a constraint such as `>=1.2, <2`.
"""

from keyfleet.transform.gotemplate.formats.semver.constraints import satisfies
from keyfleet.transform.gotemplate.formats.semver.versions import Version, parse_version

__all__ = ["Version", "parse_version", "satisfies"]
