# SPDX-License-Identifier: Apache-2.0
"""What a lane does with a key whose intent is gone: delete what it left, once that is certain."""

from collections.abc import Callable

from keyfleet.base.log import get_logger
from keyfleet.engine.declarations.everywhere import Everywhere
from keyfleet.engine.deletion.confirm import Confirmations
from keyfleet.engine.deletion.gate import JUDGED_S, JUDGING
from keyfleet.engine.deletion.holds import LEFT
from keyfleet.engine.entry import Entry
from keyfleet.engine.intents import Intents
from keyfleet.engine.lane import Again
from keyfleet.engine.members.member import Member
from keyfleet.engine.passes import RECHECK_S, Passes
from keyfleet.engine.settled import PassResult
from keyfleet.model.places import ClusterName, IntentKey

log = get_logger("engine")

UNKNOWN = ("HubUnknown", "ClusterUnknown")
"""Who should confirm a deletion did not answer."""
HELD_S = 300.0
"""When a deletion that is held is looked at again without any change being seen."""


class Orphans:
    """Cleans up after intents that are gone."""

    def __init__(
        self,
        declared: Everywhere,
        intents: Intents,
        confirmations: Confirmations,
        passes: Passes,
        *,
        changed: Callable[[IntentKey, ClusterName | None], None],
    ) -> None:
        """Prepare.

        Args:
            declared: Whether all manifests are known.
            intents: The intents.
            confirmations: Asks whether a manifest is really gone.
            passes: Deletes.
            changed: Called when something was deleted, with the cluster where that was.
        """
        self._declared = declared
        self._intents = intents
        self._confirmations = confirmations
        self._passes = passes
        self._changed = changed

    async def clean_up(self, entry: Entry, member: Member, key: IntentKey) -> Again | None:
        """Delete what an intent that is gone left in one cluster, as far as that may go now."""
        if self._intents.rejection(key):
            # What it wants cannot be said: its targets stay as they are.
            return None
        if not member.markers(key) and not _is_ahead(member, key):
            # Nothing here that we signed, so nothing may go; a member that shows thousands of
            # forged marks must not make us ask the hub about each.
            return None
        hold = self._declared.deletion_hold(key, None)
        if hold is not None and hold.reason.endswith("Incomplete"):
            # Nothing can be confirmed yet; a member's kinds are listed after it is engaged, and
            # then it is asked for.
            return Again(RECHECK_S)
        if hold is not None and hold.reason == LEFT:
            # It was handed over: once it is ours again, or gone, its own watch says so.
            return None
        found = self._declared.dialect_of(key.kind)
        objection = await self._confirmations.objection(key, *found) if found else None
        if found is None or objection is not None:
            _log_held(entry.name, key, objection.reason if objection else "KindUnknown")
            return Again(RECHECK_S if objection and objection.reason in UNKNOWN else HELD_S)
        return self._said(entry, key, await self._passes.clean_up(entry, member, key))

    def _said(self, entry: Entry, key: IntentKey, result: PassResult) -> Again | None:
        if result.wrote:
            self._changed(key, entry.name)
        reasons = {target.reason for target in result.left_over if target.reason}
        for reason in reasons - {JUDGING}:
            _log_held(entry.name, key, reason)
        queue_heirs(entry, result)
        return result.again or (Again(JUDGED_S) if JUDGING in reasons else None)


def _is_ahead(member: Member, key: IntentKey) -> bool:
    """Tell whether something was written that the watch is yet to show: its echo tells nobody."""
    return any(view.memory.ahead_of(key) for view in member.views)


def queue_heirs(entry: Entry, result: PassResult) -> None:
    """Run the keys to which a pass left targets."""
    # They were told that the place is taken, and nothing changes there that a watch would show.
    for heir in result.heirs:
        entry.lane.add_now(heir)


def _log_held(cluster: str, key: IntentKey, reason: str) -> None:
    log.warning("engine.orphan_held", cluster=cluster, intent=str(key), reason=reason)
