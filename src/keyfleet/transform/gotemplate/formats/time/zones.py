# SPDX-License-Identifier: Apache-2.0
"""Time zones: UTC, offsets, and those of the tz database's package, whatever the machine has.

Go's "Local" is UTC here. Source: docs/compat/go-templates.md 16.10.
"""

from dataclasses import dataclass
from datetime import UTC as PYTHON_UTC
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.time.calendar import CYCLE_S, DAY_S

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=PYTHON_UTC)
_FIRST_S: Final = -719_160 * DAY_S
"""Two days into year 1, the first that `datetime` knows."""
_LAST_S: Final = 2_932_894 * DAY_S
"""Two days before the end of year 9999, its last one."""
_SEASON_S: Final = 91 * DAY_S


@dataclass(frozen=True, slots=True)
class Zone:
    """What the clocks of a place show."""

    abbreviation: str = ""
    """Of a zone with one offset."""
    offset_s: int = 0
    key: str = ""
    """In the tz database; empty for a zone with one offset."""

    def at(self, unix_s: int) -> tuple[str, int]:
        """Return the abbreviation and the offset in seconds east of UTC at a moment."""
        if not self.key:
            return self.abbreviation, self.offset_s
        if unix_s > _LAST_S:
            unix_s -= (unix_s - _LAST_S + CYCLE_S - 1) // CYCLE_S * CYCLE_S
        local = (_EPOCH + timedelta(seconds=max(unix_s, _FIRST_S))).astimezone(ZoneInfo(self.key))
        offset = local.utcoffset() or timedelta()
        return local.tzname() or "", round(offset.total_seconds())

    def unix_s(self, local_s: int) -> int:
        """Return the moment at which the clocks show so many seconds since 1970-01-01.

        Of two such moments it is the one in the zone's period before; of none, the one after.
        """
        offset = self.at(local_s)[1]
        return local_s - self.at(local_s - offset)[1]

    def offset_of(self, abbreviation: str, local_s: int) -> int | None:
        """Return the offset that an abbreviation means around a moment, None if nothing."""
        for season in (0, -1, 1, -2, 2):
            name, offset = self.at(local_s + season * _SEASON_S)
            if name == abbreviation:
                return offset
        return None


UTC: Final = Zone("UTC")


def zone(name: str) -> Zone:
    """Return a zone of the tz database; UTC for "", "UTC" and "Local".

    Raises:
        GoError: There is none of that name.
    """
    if name in ("", "UTC", "Local"):
        return UTC
    if ".." in name or name[0] in "/\\":
        raise GoError("time: invalid location name")
    if name not in _names():
        raise GoError("unknown time zone ", Data(name))
    return Zone(key=name)


@cache
def _names() -> frozenset[str]:
    return frozenset((files("tzdata") / "zones").read_text(encoding="ascii").split())
