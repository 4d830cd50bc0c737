# SPDX-License-Identifier: Apache-2.0
"""Carry out one step in one cluster."""

from dataclasses import dataclass

from keyfleet.base.errors import InvariantError
from keyfleet.delivery.bodies import create_body, update_operations
from keyfleet.kube.client import Client
from keyfleet.kube.requests import FIELD_MANAGER
from keyfleet.kube.resources import SEALEDSECRETS, SECRETS
from keyfleet.model.plan import Step, Verb

RESOURCES = {resource.kind: resource for resource in (SECRETS, SEALEDSECRETS)}
"""The kinds of targets."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a write left behind: enough to recognise its echo in the watch."""

    uid: str = ""
    resource_version: str = ""


async def deliver(step: Step, client: Client) -> Delivered:
    """Send the step's write; a step without one sends nothing.

    Repeating a delivered step changes nothing: a create meets `AlreadyExists`, an update and a
    delete their preconditions.

    Raises:
        ConflictError: The object is not the one decided on (engine: decide again).
        KeyfleetError: As the client says.
    """
    match step.verb:
        case Verb.CREATE:
            return await _create(step, client)
        case Verb.RECREATE:
            # What is gone and not made anew is absent, and that is what the next pass creates.
            await _delete(step, client)
            return await _create(step, client)
        case Verb.UPDATE | Verb.RELEASE:
            return await _update(step, client)
        case Verb.DELETE:
            await _delete(step, client)
            return Delivered()
        case Verb.NONE:
            return Delivered(step.uid, step.resource_version)


async def _delete(step: Step, client: Client) -> None:
    await client.delete(
        RESOURCES[step.place.kind],
        step.place.name,
        namespace=step.place.namespace,
        uid=step.uid,
        resource_version=step.resource_version,
    )


async def _create(step: Step, client: Client) -> Delivered:
    if step.write is None:
        raise InvariantError("delivery.no_write", "a create step has nothing to write")
    body = create_body(step.place, step.write)
    manager = step.write.field_manager or FIELD_MANAGER
    resource, namespace = RESOURCES[step.place.kind], step.place.namespace
    written = await client.create(resource, body, namespace=namespace, manager=manager)
    return Delivered(written.uid, written.resource_version)


async def _update(step: Step, client: Client) -> Delivered:
    if step.write is None:
        raise InvariantError("delivery.no_write", "an update step has nothing to write")
    operations = update_operations(step.write, step.resource_version)
    if len(operations) == 1:
        return Delivered(step.uid, step.resource_version)
    written = await client.json_patch(
        RESOURCES[step.place.kind],
        step.place.name,
        operations,
        namespace=step.place.namespace,
        manager=step.write.field_manager or FIELD_MANAGER,
    )
    return Delivered(written.uid, written.resource_version)
