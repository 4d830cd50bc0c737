# SPDX-License-Identifier: Apache-2.0
"""Sprig's functions for semantic versions. Source: docs/compat/go-templates.md 16.9."""

from typing import Final

from keyfleet.transform.gotemplate.formats.semver import parse_version, satisfies
from keyfleet.transform.gotemplate.functions.table import STRING, Table

VERSIONS: Final = Table()

VERSIONS.function("semver", params=(STRING,))(parse_version)
VERSIONS.function("semverCompare", params=(STRING, STRING), run=True)(satisfies)
