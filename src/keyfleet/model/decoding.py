# SPDX-License-Identifier: Apache-2.0
"""How values are encoded where they come from."""

from enum import StrEnum


class Decoding(StrEnum):
    """What is undone before a value is delivered."""

    NONE = "None"
    BASE64 = "Base64"
    BASE64_URL = "Base64URL"
    AUTO = "Auto"
    """Whichever of both it is; neither leaves the value as it is."""
