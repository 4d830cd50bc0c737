# SPDX-License-Identifier: Apache-2.0
"""What can happen to a fleet: things people do, things that break, and time.

A deed is a function of a `World` with plain arguments, so that a history is a list that can be
printed, kept and played again.
"""

import base64
from collections.abc import Callable
from typing import Any

import msgspec
from tests.histories.reference import OWNER, Document
from tests.histories.seals import (
    KEY_LABEL,
    KEYS_NAMESPACE,
    PREFIX,
    SCOPES,
    key_secret,
    label_of,
    seal,
)
from tests.histories.world import CONTEXTS, World, fleetcluster

from keyfleet.base.clock import timestamp
from keyfleet.kube.resources import (
    CONFIGMAPS,
    CRDS,
    FLEETCLUSTERS,
    FLEETPOLICIES,
    FLEETSECRETS,
    NAMESPACES,
    SEALEDSECRETS,
    SECRETS,
    Resource,
)
from keyfleet.manifests.sealedsecrets import sealedsecrets_crds
from keyfleet.model.held import HELD_CONFIGMAP, Approval, held_plans_of
from keyfleet.model.ownership import SYSTEM_NAMESPACE
from keyfleet.testing.canary import canary
from keyfleet.testing.memoryplane import Sky

HUB = "hub"
MERGE = "application/merge-patch+json"


def write(world: World, context: str, resource: Resource, document: Document) -> None:
    """Make an object what the document says, as `kubectl replace --force` would not: in place."""
    document = {"apiVersion": resource.api_version, "kind": resource.kind, **document}
    plane, metadata = world.planes[context], document["metadata"]
    namespace, name = metadata.get("namespace", ""), metadata["name"]
    path = resource.path(namespace=namespace, name=name)
    found = plane.ask("GET", path)
    if found.status != 200:
        plane.ask("POST", resource.path(namespace=namespace), document)
        return
    live = found.document()
    kept = {"resourceVersion": live["metadata"]["resourceVersion"]}
    body = {**live, **document, "metadata": {**metadata, **kept}}
    plane.ask("PUT", path, body)


def remove(world: World, context: str, resource: Resource, namespace: str, name: str) -> None:
    """Delete an object where it is there."""
    world.planes[context].ask("DELETE", resource.path(namespace=namespace, name=name))


def values(world: World, of: str, keys: int) -> Document:
    """Return new data that nobody has written before."""
    world.version += 1
    return {
        key: base64.b64encode(canary(f"{of}.v{world.version}.{key}")).decode()
        for key in ("user", "password", "extra")[:keys]
    }


# Sources.


def write_source(world: World, context: str, namespace: str, name: str, keys: int) -> None:
    """Give a source new values; an annotated one keeps its annotations."""
    data = values(world, f"{context}.{namespace}.{name}", keys)
    path = SECRETS.path(namespace=namespace, name=name)
    plane = world.planes[context]
    operations = [{"op": "add", "path": "/data", "value": data}]
    content = "application/json-patch+json"
    if plane.ask("PATCH", path, operations, content_type=content).status == 404:
        body = {"metadata": {"name": name}, "data": data}
        plane.ask("POST", SECRETS.path(namespace=namespace), body)


def delete_source(world: World, context: str, namespace: str, name: str) -> None:
    """Delete a source."""
    remove(world, context, SECRETS, namespace, name)


def annotate_source(world: World, namespace: str, name: str, targets: str, policy: str) -> None:
    """Ask for copies by annotations, or (no targets) do so no more."""
    on = {"enabled": "true", "targets": targets, "name": "shared", "deletion-policy": policy}
    words = {f"keyfleet.io/{word}": text if targets else None for word, text in on.items()}
    path = SECRETS.path(namespace=namespace, name=name)
    body = {"metadata": {"annotations": words}}
    world.planes[HUB].ask("PATCH", path, body, content_type=MERGE)


# What is asked for.


def write_fleetsecret(world: World, namespace: str, name: str, spec: Document) -> None:
    """Create or replace a FleetSecret."""
    metadata = {"namespace": namespace, "name": name}
    write(world, HUB, FLEETSECRETS, {"metadata": metadata, "spec": spec})


def delete_fleetsecret(world: World, namespace: str, name: str) -> None:
    """Delete a FleetSecret."""
    remove(world, HUB, FLEETSECRETS, namespace, name)


def write_template(world: World, namespace: str, text: str) -> None:
    """Create or replace the ConfigMap that holds a template, or (no text) delete it."""
    if text:
        metadata = {"namespace": namespace, "name": "templates"}
        write(world, HUB, CONFIGMAPS, {"metadata": metadata, "data": {"made": text}})
    else:
        remove(world, HUB, CONFIGMAPS, namespace, "templates")


def write_policy(world: World, name: str, spec: Document) -> None:
    """Create or replace a FleetPolicy."""
    write(world, HUB, FLEETPOLICIES, {"metadata": {"name": name}, "spec": spec})


def limit_deletions(world: World) -> None:
    """Let hardly anything be deleted without a person, from now on."""
    limits = {"deletions": {"targets": 1, "percent": 0, "total": 3}}
    write_policy(world, "limits", {"limits": limits})
    world.is_limited = True


def delete_policy(world: World, name: str) -> None:
    """Delete a FleetPolicy."""
    remove(world, HUB, FLEETPOLICIES, "", name)


def withdraw_policies(world: World) -> None:
    """Delete the CRD of the FleetPolicies, and all of them with it."""
    remove(world, HUB, CRDS, "", FLEETPOLICIES.label)


def write_cluster(world: World, context: str, env: str, on_removed: str, *, paused: bool) -> None:
    """Create or change a FleetCluster."""
    document = fleetcluster(context, env=env, on_removed=on_removed, has_home=world.has_homes)
    document["spec"]["paused"] = paused
    write(world, HUB, FLEETCLUSTERS, document)


def delete_cluster(world: World, context: str) -> None:
    """Delete a FleetCluster."""
    remove(world, HUB, FLEETCLUSTERS, "", context)


def approve(world: World, *, other_set: bool) -> None:
    """Approve the oldest held plan as `keyfleet approve` does, or (other set) what it was not."""
    path = CONFIGMAPS.path(namespace=SYSTEM_NAMESPACE, name=HELD_CONFIGMAP)
    found = world.planes[HUB].ask("GET", path)
    data = found.document().get("data", {}) if found.status == 200 else {}
    waiting = [plan for plan in held_plans_of(data) if not plan.begun]
    if not waiting:
        return
    plan = waiting[0]
    digest = plan.hash[::-1] if other_set else plan.hash
    approval = Approval("ann", timestamp(world.clock.now()), digest)
    text = msgspec.structs.replace(plan, approval=approval).to_json()
    world.planes[HUB].ask("PATCH", path, {"data": {plan.id: text}}, content_type=MERGE)
    if not other_set:
        world.approved |= {one.uid for one in plan.targets}


# Namespaces.


def label_namespace(world: World, context: str, name: str, team: str) -> None:
    """Set or (empty) take away a namespace's label; create it where it is absent."""
    plane = world.planes[context]
    body = {"metadata": {"labels": {"team": team or None}}}
    path = NAMESPACES.path(name=name)
    if plane.ask("PATCH", path, body, content_type=MERGE).status == 404:
        labels = {"team": team} if team else {}
        plane.ask("POST", NAMESPACES.path(), {"metadata": {"name": name, "labels": labels}})


def terminate_namespace(world: World, context: str, name: str) -> None:
    """Begin to delete a namespace: it takes nothing new, and stays."""
    remove(world, context, NAMESPACES, "", name)


def end_namespace(world: World, context: str, name: str) -> None:
    """Delete a namespace with all that is in it."""
    plane = world.planes[context]
    if plane.ask("GET", NAMESPACES.path(name=name)).status == 200:
        plane.end_namespace(name)


# Foreign hands on targets.


def edit_target(world: World, context: str, namespace: str, name: str) -> None:
    """Change the values of a target by hand."""
    data = {"user": base64.b64encode(canary("edited-by-hand")).decode(), "more": "MQ=="}
    path = SECRETS.path(namespace=namespace, name=name)
    world.planes[context].ask("PATCH", path, {"data": data}, content_type=MERGE)


def delete_target(world: World, context: str, namespace: str, name: str) -> None:
    """Delete a target by hand."""
    remove(world, context, SECRETS, namespace, name)


def strip_target(world: World, context: str, namespace: str, name: str, *, all_of_it: bool) -> None:
    """Take the label off a target, or label and marker."""
    metadata: Document = {"labels": {"keyfleet.io/hub": None}}
    if all_of_it:
        metadata["annotations"] = {OWNER: None}
    path = SECRETS.path(namespace=namespace, name=name)
    world.planes[context].ask("PATCH", path, {"metadata": metadata}, content_type=MERGE)


def plant_secret(world: World, context: str, namespace: str, name: str) -> None:
    """Create a Secret of somebody else's at a place where targets may be wanted."""
    data = {"user": base64.b64encode(canary("somebody-elses")).decode()}
    body = {"metadata": {"name": name}, "data": data}
    world.planes[context].ask("POST", SECRETS.path(namespace=namespace), body)


def copy_target(world: World, context: str, namespace: str, name: str, to: str) -> None:
    """Copy a target with all its metadata to another namespace, as backup tools do."""
    plane = world.planes[context]
    found = plane.ask("GET", SECRETS.path(namespace=namespace, name=name))
    if found.status == 200:
        document = found.document()
        document["metadata"].pop("finalizers", None)
        plane.ask("POST", SECRETS.path(namespace=to), document)


# What stands sealed.


def serve_sealed(world: World) -> None:
    """Install the kind everywhere, with a key in each cluster and a namespace on the hub for it."""
    world.has_homes = True
    for context in CONTEXTS:
        for crd in sealedsecrets_crds():
            versions = [{"name": one["name"], "served": True} for one in crd["spec"]["versions"]]
            body = {**crd, "spec": {**crd["spec"], "versions": versions}}
            world.planes[context].ask("POST", CRDS.path(), body)
        write_key(world, context, context)
        home = {"metadata": {"name": f"for-{context}"}}
        world.planes[HUB].ask("POST", NAMESPACES.path(), home)
        write_cluster(world, context, "prod", "Retain", paused=False)


def write_sealed(
    world: World, context: str, namespace: str, name: str, keys: int, scope: str, wrong: str
) -> None:
    """Seal new values and apply them; one of them may be sealed for something else."""
    place = (context, namespace, name)
    data = values(world, ".".join(("sealed", *place)), keys)
    items = {key: _sealed(text, place, scope) for key, text in data.items()}
    first = next(iter(data))
    other_scope = SCOPES[SCOPES.index(scope) - 1]
    items[first] = {
        "": items[first],
        "cluster": _sealed(data[first], ("stranger", *place[1:]), scope),
        "name": _sealed(data[first], (context, namespace, f"{name}-2"), "strict"),
        "scope": _sealed(data[first], place, other_scope),
        "text": "AgA%",
    }[wrong]
    words = {} if scope == "strict" else {PREFIX + scope: "true"}
    metadata = {"namespace": namespace, "name": name, "annotations": words}
    write(world, context, SEALEDSECRETS, {"metadata": metadata, "spec": {"encryptedData": items}})


def _sealed(text: str, place: tuple[str, str, str], scope: str) -> str:
    return seal(place[0], base64.b64decode(text), label_of(scope, *place[1:]))


def annotate_sealed(world: World, context: str, namespace: str, name: str, scope: str) -> None:
    """Let a SealedSecret say another scope."""
    words = {PREFIX + one: "true" if one == scope else None for one in SCOPES[1:]}
    path = SEALEDSECRETS.path(namespace=namespace, name=name)
    body = {"metadata": {"annotations": words}}
    world.planes[context].ask("PATCH", path, body, content_type=MERGE)


def edit_sealed(world: World, context: str, namespace: str, name: str) -> None:
    """Change the first value of a SealedSecret by hand to one that opens there as well."""
    path = SEALEDSECRETS.path(namespace=namespace, name=name)
    found = world.planes[context].ask("GET", path)
    if found.status == 200:
        place = (context, namespace, name)
        text = values(world, ".".join(("sealed", *place)), 1)["user"]
        key = next(iter(found.document()["spec"]["encryptedData"]))
        body = {"spec": {"encryptedData": {key: _sealed(text, place, "strict")}}}
        world.planes[context].ask("PATCH", path, body, content_type=MERGE)


def delete_sealed(world: World, context: str, namespace: str, name: str) -> None:
    """Delete a SealedSecret."""
    remove(world, context, SEALEDSECRETS, namespace, name)


def strip_sealed(world: World, context: str, namespace: str, name: str) -> None:
    """Take Keyfleet's label off a SealedSecret that it delivered."""
    path = SEALEDSECRETS.path(namespace=namespace, name=name)
    body = {"metadata": {"labels": {"keyfleet.io/hub": None}}}
    world.planes[context].ask("PATCH", path, body, content_type=MERGE)


def write_key(world: World, context: str, key: str) -> None:
    """Give a cluster a sealing key, from now on; any but its first may be another's."""
    body = key_secret(key, world.clock.now())
    world.planes[context].ask("POST", SECRETS.path(namespace=KEYS_NAMESPACE), body)


def label_key(world: World, context: str, key: str, state: str) -> None:
    """Take a sealing key out of use, or put it back, by its label."""
    path = SECRETS.path(namespace=KEYS_NAMESPACE, name=f"sealed-secrets-key-{key}")
    body = {"metadata": {"labels": {KEY_LABEL: state}}}
    world.planes[context].ask("PATCH", path, body, content_type=MERGE)


def delete_key(world: World, context: str, key: str) -> None:
    """Delete a sealing key."""
    remove(world, context, SECRETS, KEYS_NAMESPACE, f"sealed-secrets-key-{key}")


def break_key(world: World, context: str, key: str) -> None:
    """Make a sealing key unreadable."""
    path = SECRETS.path(namespace=KEYS_NAMESPACE, name=f"sealed-secrets-key-{key}")
    body = {"data": {"tls.crt": base64.b64encode(b"garbage").decode()}}
    world.planes[context].ask("PATCH", path, body, content_type=MERGE)


# Faults.


def weather(world: World, context: str, sky: str) -> None:
    """Change the weather on the way to a cluster."""
    world.sky(context, Sky(sky))


def lose_answers(world: World, context: str, count: int) -> None:
    """Lose the answers to the next writes; they are carried out."""
    world.weathers[context].lost_answers = count
    world.disturbed(context)


def forbid(world: World, context: str, namespace: str, *, denied: bool) -> None:
    """Take away, or give back, all rights on Secrets in one namespace."""
    forbidden = world.weathers[context].forbidden
    (forbidden.add if denied else forbidden.discard)(namespace)
    world.disturbed(context)


def cut_watches(world: World, context: str, *, compacted: bool) -> None:
    """Break all watches, and forget the past so that they cannot resume."""
    if compacted:
        world.planes[context].store.compact()
    world.planes[context].end_watches()


def heal(world: World) -> None:
    """Clear every sky."""
    for context, one in world.weathers.items():
        one.forbidden.clear()
        one.lost_answers = 0
        world.sky(context, Sky.CLEAR)


# Controllers and time.


def start(world: World, name: str) -> None:
    """Start a controller where it does not run."""
    world.start(name)


def kill(world: World, name: str, after_steps: int) -> None:
    """Kill a controller after some turns of the loop: at any await."""
    world.steps(after_steps)
    world.kill(name)


def stop(world: World, name: str) -> None:
    """Stop a controller in order."""
    world.stop(name)


def pass_time(world: World, seconds: float) -> None:
    """Let time pass."""
    world.pass_time(seconds)


DEEDS: dict[str, Callable[..., None]] = {
    deed.__name__: deed
    for deed in (
        write_source,
        delete_source,
        annotate_source,
        write_fleetsecret,
        delete_fleetsecret,
        write_template,
        write_policy,
        limit_deletions,
        delete_policy,
        withdraw_policies,
        approve,
        write_cluster,
        delete_cluster,
        label_namespace,
        terminate_namespace,
        end_namespace,
        edit_target,
        delete_target,
        strip_target,
        plant_secret,
        copy_target,
        serve_sealed,
        write_sealed,
        annotate_sealed,
        edit_sealed,
        delete_sealed,
        strip_sealed,
        write_key,
        label_key,
        delete_key,
        break_key,
        weather,
        lose_answers,
        forbid,
        cut_watches,
        heal,
        start,
        kill,
        stop,
        pass_time,
    )
}

Deed = tuple[str, dict[str, Any]]


def told(history: list[Deed]) -> str:
    """Return a history as text, one deed a line, that `read` understands."""
    return "\n".join(msgspec.json.encode(deed).decode() for deed in history)


def read(text: str) -> list[Deed]:
    """Return the history that `told` wrote."""
    return [msgspec.json.decode(line, type=Deed) for line in text.splitlines() if line.strip()]
