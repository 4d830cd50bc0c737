# SPDX-License-Identifier: Apache-2.0
"""Who a login is, by everything that AWS tells rights apart by.

The ARN alone does not say it: two sessions of one role may differ in their tags, in what a
ServiceAccount's token said, and in what a session from elsewhere carries along unseen (a session
policy, tags that pass on to the next role). Logins are one principal only where all of it is equal.
"""

import hashlib
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

OWN: Final = "own"
"""Mark of the credentials that surround Keyfleet: the same for the whole process."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who AWS confirmed, and what else tells the login from others."""

    arn: str = ""
    """Empty: nobody asked AWS yet."""
    marks: tuple[str, ...] = ()
    """What was sent with this login, or came with it."""
    kept: tuple[str, ...] = ()
    """What passes on to the roles that are assumed from here."""

    @property
    def principal(self) -> str:
        """One text; empty where AWS confirmed nothing.

        >>> Identity("arn:aws:iam::1:user/a", ("tag team=a b",)).principal
        'arn:aws:iam::1:user/a tag%20team=a%20b'
        """
        parts = (self.arn, *self.kept, *self.marks)
        return " ".join(quote(part, safe="/:@=+,.") for part in parts) if self.arn else ""


def session_mark(key_id: str) -> str:
    """Return the mark of temporary credentials that somebody else made: nobody shares with them.

    The access key's id is the session's own. It is no secret, but nothing for a log either.
    """
    return f"session {hashlib.sha256(key_id.encode()).hexdigest()[:32]}"
