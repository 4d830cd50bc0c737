# SPDX-License-Identifier: Apache-2.0
"""Carry out one step in one cluster."""

from dataclasses import dataclass

from keyfleet.base.errors import InvariantError
from keyfleet.delivery.bodies import create_body, update_operations
from keyfleet.kube.client import Client
from keyfleet.kube.requests import FIELD_MANAGER
from keyfleet.kube.resources import SEALEDSECRETS, SECRETS
from keyfleet.model.places import CARRIER, FORMER_CARRIER, SEALED_SECRET, SECRET
from keyfleet.model.plan import Step, Verb

RESOURCES = {
    SECRET: SECRETS,
    SEALED_SECRET: SEALEDSECRETS,
    CARRIER: SEALEDSECRETS,
    FORMER_CARRIER: SEALEDSECRETS,
}
"""What the targets of each kind are."""

Address = tuple[str, str]
"""Namespace and name of an object in the cluster that it is written to."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a write left behind: enough to recognise its echo in the watch."""

    uid: str = ""
    resource_version: str = ""


async def deliver(step: Step, client: Client, *, at: Address | None = None) -> Delivered:
    """Send the step's write; a step without one sends nothing.

    Repeating a delivered step changes nothing: a create meets `AlreadyExists`, an update and a
    delete their preconditions.

    Args:
        step: What to do.
        client: Of the cluster that is written to.
        at: Where the object lies there; default: at the step's own place.

    Raises:
        ConflictError: The object is not the one decided on (engine: decide again).
        KeyfleetError: As the client says.
    """
    at = at or (step.place.namespace, step.place.name)
    match step.verb:
        case Verb.CREATE:
            return await _create(step, client, at)
        case Verb.RECREATE:
            # What is gone and not made anew is absent, and that is what the next pass creates.
            await _delete(step, client, at)
            return await _create(step, client, at)
        case Verb.UPDATE | Verb.RELEASE:
            return await _update(step, client, at)
        case Verb.DELETE:
            await _delete(step, client, at)
            return Delivered()
        case Verb.NONE:
            return Delivered(step.uid, step.resource_version)


async def _delete(step: Step, client: Client, at: Address) -> None:
    namespace, name = at
    await client.delete(
        RESOURCES[step.place.kind],
        name,
        namespace=namespace,
        uid=step.uid,
        resource_version=step.resource_version,
    )


async def _create(step: Step, client: Client, at: Address) -> Delivered:
    if step.write is None:
        raise InvariantError("delivery.no_write", "a create step has nothing to write")
    body = create_body(at, step.write)
    manager = step.write.field_manager or FIELD_MANAGER
    resource = RESOURCES[step.place.kind]
    written = await client.create(resource, body, namespace=at[0], manager=manager)
    return Delivered(written.uid, written.resource_version)


async def _update(step: Step, client: Client, at: Address) -> Delivered:
    if step.write is None:
        raise InvariantError("delivery.no_write", "an update step has nothing to write")
    operations = update_operations(step.write, step.resource_version)
    if len(operations) == 1:
        return Delivered(step.uid, step.resource_version)
    written = await client.json_patch(
        RESOURCES[step.place.kind],
        at[1],
        operations,
        namespace=at[0],
        manager=step.write.field_manager or FIELD_MANAGER,
    )
    return Delivered(written.uid, written.resource_version)
