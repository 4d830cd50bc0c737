# SPDX-License-Identifier: Apache-2.0
"""The story: declared, delivered, changed, repaired, guarded, cleaned up."""

from collections.abc import Callable

from keyfleet.base import codec
from keyfleet.cli.demo import guards
from keyfleet.cli.demo.documents import NAMESPACE, Data, Document, fleet_secret, secret
from keyfleet.cli.demo.narrator import Narrator
from keyfleet.cli.demo.props import (
    NAME,
    PASSWORD,
    SOURCE,
    Copies,
    digest,
    digests,
    new_credentials,
    new_password,
)
from keyfleet.cli.demo.stage import Stage
from keyfleet.kube.objects import SecretObject
from keyfleet.kube.resources import FLEETSECRETS, SECRETS

COPY = f"{NAMESPACE}/{NAME}"

Holds = Callable[[SecretObject | None], bool]


async def play(stage: Stage, narrator: Narrator) -> None:
    """Play every scene; afterwards the source is there and the copies are gone."""
    data = new_credentials()
    async with Copies(stage.members, narrator.clock) as copies:
        story = _Story(stage, narrator, copies)
        await story.declare(data)
        data = await story.change(data)
        await story.meddle(data)
        await guards.refuse(stage, narrator)
        await guards.hold(stage, narrator)
        await story.clean_up()


async def declare_again(stage: Stage, narrator: Narrator) -> None:
    """Put the FleetSecret back, for the person to play with."""
    async with Copies(stage.members, narrator.clock) as copies:
        began = narrator.clock.monotonic()
        await stage.hub.apply(FLEETSECRETS, _declaration(stage))
        for name in stage.members:
            moment = await copies.until(name, lambda found: found is not None)
            narrator.happened(name, f"Secret {COPY} is back", moment - began)


class _Story:
    def __init__(self, stage: Stage, narrator: Narrator, copies: Copies) -> None:
        self._stage = stage
        self._narrator = narrator
        self._copies = copies

    async def declare(self, data: Data) -> None:
        """A Secret on the hub appears in every member."""
        stage, tell = self._stage, self._narrator
        manifest = _declaration(stage)
        await tell.scene("A secret is declared once")
        tell.say(f"On hub, Secret {NAMESPACE}/{SOURCE} holds a user name and a password.")
        tell.say("This says where they go:")
        tell.quote(codec.encode_yaml(manifest))
        await stage.hub.create(SECRETS, secret(SOURCE, data), namespace=NAMESPACE)
        began = tell.clock.monotonic()
        await stage.hub.create(FLEETSECRETS, manifest, namespace=NAMESPACE)
        shown = digests(data, stage.installation)
        await self._everywhere(_holding(data), f"Secret {COPY} appears: {shown}", began)
        tell.say("Values are never shown. Those digits are keyed fingerprints:")
        tell.say("the same digits mean the same value.")

    async def change(self, data: Data) -> Data:
        """A changed value arrives in every member."""
        stage, tell = self._stage, self._narrator
        await tell.scene("The password changes on the hub")
        before = digest(PASSWORD, data[PASSWORD], stage.installation)
        data = {**data, PASSWORD: new_password()}
        after = digest(PASSWORD, data[PASSWORD], stage.installation)
        began = tell.clock.monotonic()
        await stage.hub.merge_patch(SECRETS, SOURCE, {"data": data}, namespace=NAMESPACE)
        await self._everywhere(_holding(data), f"{PASSWORD} {before} → {after}", began)
        return data

    async def meddle(self, data: Data) -> None:
        """A manual edit is repaired, and so is a deletion."""
        stage, tell = self._stage, self._narrator
        name, client = list(stage.members.items())[-1]
        wrong = new_password()
        await tell.scene(f"Somebody edits the copy in {name} by hand")
        tell.say(f"As with: kubectl --context {name} -n {NAMESPACE} edit secret {NAME}")
        began = tell.clock.monotonic()
        edited = await client.merge_patch(
            SECRETS, NAME, {"data": {PASSWORD: wrong}}, namespace=NAMESPACE
        )
        moment = await self._copies.until(name, _newer(data, edited.resource_version))
        shown = [digest(PASSWORD, value, stage.installation) for value in (wrong, data[PASSWORD])]
        tell.happened(name, f"{PASSWORD} {shown[0]} → {shown[1]}: repaired", moment - began)
        tell.say(f"As with: kubectl --context {name} -n {NAMESPACE} delete secret {NAME}")
        began = tell.clock.monotonic()
        await client.delete(SECRETS, NAME, namespace=NAMESPACE)
        moment = await self._copies.until(name, _holding(data))
        tell.happened(name, f"Secret {COPY} is back", moment - began)

    async def clean_up(self) -> None:
        """Without its declaration a copy goes; the source stays."""
        stage, tell = self._stage, self._narrator
        await tell.scene("The declaration is deleted")
        began = tell.clock.monotonic()
        await stage.hub.delete(FLEETSECRETS, NAME, namespace=NAMESPACE)
        await self._everywhere(lambda found: found is None, f"Secret {COPY} is gone", began)
        source = await stage.hub.find_metadata(SECRETS, SOURCE, namespace=NAMESPACE)
        if source is not None:
            tell.say(f"The source, {NAMESPACE}/{SOURCE} on hub, is untouched.")

    async def _everywhere(self, holds: Holds, what: str, began: float) -> None:
        for name in self._stage.members:
            moment = await self._copies.until(name, holds)
            self._narrator.happened(name, what, moment - began)


def _declaration(stage: Stage) -> Document:
    return fleet_secret(NAME, tuple(stage.members), source=SOURCE)


def _holding(data: Data) -> Holds:
    return lambda found: found is not None and dict(found.data) == dict(data)


def _newer(data: Data, version: str) -> Holds:
    # The edit itself is seen first; what counts is the write that came after it.
    holding = _holding(data)
    return lambda found: (
        found is not None and holding(found) and found.metadata.resource_version != version
    )
