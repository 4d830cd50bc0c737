# SPDX-License-Identifier: Apache-2.0
"""What this controller knows of ConfigMap `keyfleet-held`: read, written and watched by one.

It is read again only when the watch showed a version that is newer than the one known.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from keyfleet.base.errors import ConflictError
from keyfleet.base.means import Means
from keyfleet.engine.deletion.heldstore import Stored, load, save
from keyfleet.engine.members.memory import is_newer
from keyfleet.kube.client import Client
from keyfleet.kube.collection import Collection
from keyfleet.kube.decoding import full_object
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import metadata_of
from keyfleet.kube.requests import one_object
from keyfleet.kube.resources import CONFIGMAPS
from keyfleet.model.held import HELD_CONFIGMAP
from keyfleet.model.ledger import Ledger
from keyfleet.model.ownership import SYSTEM_NAMESPACE
from keyfleet.plan.breaker import Verdict


class HeldCopy:
    """The held plans and the ledger, as last read or written."""

    def __init__(self, hub: Client, on_change: Callable[[], None], means: Means) -> None:
        """Prepare; `watch` has to be run.

        Args:
            hub: Where the ConfigMap is.
            on_change: Called when somebody else may have written it, such as an approval.
            means: Clock, chance and hooks.
        """
        self._hub = hub
        self._on_change = on_change
        self._informer: Informer[dict[str, Any]] = Informer(
            hub,
            Collection(CONFIGMAPS, full_object, one_object(SYSTEM_NAMESPACE, HELD_CONFIGMAP)),
            self._on_configmap,
            **means,
        )
        self._stored: Stored | None = None
        self._heard = ""

    async def watch(self) -> None:
        """Keep watching for approvals until cancelled."""
        await self._informer.run()

    async def read(self, verdict: Verdict | None) -> Stored:
        """Return what is stored, completed by what only the last verdict knows."""
        if self._stored is not None and not is_newer(self._heard, self._stored.version):
            return self._stored
        stored = await load(self._hub)
        if verdict is None:
            return stored
        # A deleted ConfigMap makes nothing undone, and stores only the first of many targets.
        known = {id_: plan for id_, plan in verdict.plans.items() if plan.begun}
        plans = {
            id_: known[id_] if plan.begun and id_ in known else plan
            for id_, plan in stored.plans.items()
        }
        entries = {**verdict.ledger.entries, **stored.ledger.entries}
        return replace(stored, plans=plans, ledger=Ledger(entries))

    async def save(self, stored: Stored, verdict: Verdict) -> Stored:
        """Write a verdict over what was read, where it differs; return what is stored then.

        Raises:
            ConflictError: Somebody else wrote since it was read (breaker: read and judge again).
        """
        after = replace(stored, plans=verdict.plans, ledger=verdict.ledger)
        if after.data() != stored.data():
            try:
                version, uid = await save(self._hub, after)
            except ConflictError:
                self.forget()
                raise
            after = replace(after, version=version, uid=uid)
        self._stored = after
        return after

    def forget(self) -> None:
        """Read again next time."""
        self._stored = None

    def _on_configmap(
        self, key: tuple[str, str], old: dict[str, Any] | None, new: dict[str, Any] | None
    ) -> None:
        del key, old
        self._heard = metadata_of(new).resource_version if new is not None else ""
        if new is None:
            self._stored = None
        if self._stored is None or is_newer(self._heard, self._stored.version):
            self._on_change()
