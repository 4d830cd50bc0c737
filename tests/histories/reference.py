# SPDX-License-Identifier: Apache-2.0
"""What the fleet shall look like, said a second time: plain dicts, no code of the engine.

`Facts` are the stored objects of every cluster. From them follow the intents, the places they mean,
and which values may lie there. Written from docs/concepts, not from the source.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec
from tests.histories.seals import keys_in_use, unsealed

Document = dict[str, Any]
Key = tuple[str, str]
Place = tuple[str, str, str]
"""Cluster, namespace, name."""
Who = tuple[str, str, str]
"""Kind, namespace and name of an intent."""
Data = Mapping[str, str]

HUB = "hub"
SECRETS, NAMESPACES = "secrets", "namespaces"
FLEETSECRETS = "fleetsecrets.keyfleet.io"
FLEETCLUSTERS = "fleetclusters.keyfleet.io"
FLEETPOLICIES = "fleetpolicies.keyfleet.io"
SEALEDSECRETS = "sealedsecrets.bitnami.com"
LABELS = (SECRETS, NAMESPACES, FLEETSECRETS, FLEETCLUSTERS, FLEETPOLICIES, SEALEDSECRETS)

CONFIGMAPS = "configmaps"
"""Looked at on the hub only, where they hold templates."""

CRDS = "customresourcedefinitions.apiextensions.k8s.io"
"""Looked at on the hub only, where histories take them away."""

SECRET, SEALED, CARRIER = "Secret", "SealedSecret", "Carrier"
"""Kinds of targets: a carrier is a SealedSecret that lies on the hub for its cluster."""
KINDS = (SECRET, SEALED, CARRIER)
FOR_ANOTHER = "keyfleet.io/sealed-into"
"""Annotation of carriers."""

OWNER = "keyfleet.io/owner"
HUB_LABEL = "keyfleet.io/hub"


@dataclass(frozen=True)
class Intent:
    """One wish."""

    who: Who
    uid: str
    created: str
    source: Place
    on_missing: str
    clusters: Document
    namespaces: Document
    name: str
    conflict: str
    deletion: str
    paused: bool
    template: Document = field(default_factory=dict)
    kind: str = SECRET


@dataclass(frozen=True)
class Facts:
    """The stored objects by cluster, kind and key."""

    objects: Mapping[str, Mapping[str, Mapping[Key, Document]]]
    departed: Mapping[str, str] = field(default_factory=dict)
    """What the FleetClusters that went had said of their removal, by cluster."""

    def all(self, cluster: str, label: str) -> Mapping[Key, Document]:
        """Return the objects of a kind in a cluster."""
        return self.objects[cluster][label]

    def secret(self, place: Place) -> Document | None:
        """Return a Secret."""
        return self.all(place[0], SECRETS).get(place[1:])

    def in_fleet_of(self, clusters: "Facts", rules: "Facts") -> "Facts":
        """Return these wishes in other moments' fleet and rules: every watch lags by itself."""
        seen = {FLEETCLUSTERS: clusters, FLEETPOLICIES: rules, NAMESPACES: rules}
        objects = {
            cluster: {**kinds, **{label: then.all(cluster, label) for label, then in seen.items()}}
            for cluster, kinds in self.objects.items()
        }
        return Facts(objects, clusters.departed)

    # What stands sealed.

    def sealed(self, place: Place) -> Document | None:
        """Return the SealedSecret of a place; one that lies there for another cluster is none."""
        found = self.all(place[0], SEALEDSECRETS).get(place[1:])
        words = (found or {}).get("metadata", {}).get("annotations") or {}
        return None if FOR_ANOTHER in words else found

    def keys(self, cluster: str, *, newest: bool = False) -> tuple[str, ...]:
        """Return the private keys in use in a cluster, or those that are the newest."""
        return keys_in_use(self.all(cluster, SECRETS), newest=newest)

    def opened(self, place: Place) -> Data | None:
        """Return what the SealedSecret of a place says now; None where nobody can say."""
        found = self.sealed(place)
        return unsealed(found, place[1:], self.keys(place[0])) if found else None

    def may_open(self, place: Place) -> bool:
        """Tell whether the SealedSecret of a place may become a Secret: what it says is there."""
        is_home = place[0] in self.members and place[1] != "keyfleet-system"
        return is_home and self.are_policies_known and self.may_flow(place, place[0])

    def address(self, place: Place, kind: str) -> Place:
        """Return where the target of a place lies."""
        return (HUB, f"for-{place[0]}", ".".join(place[1:])) if kind == CARRIER else place

    def target(self, place: Place, kind: str) -> Document | None:
        """Return the target of a place."""
        address = self.address(place, kind)
        label = SECRETS if kind == SECRET else SEALEDSECRETS
        return self.all(address[0], label).get(address[1:])

    def serves(self, kind: str, cluster: str) -> bool:
        """Tell whether targets of a kind can be written for a cluster."""
        where = HUB if kind == CARRIER else cluster
        return kind == SECRET or ("", SEALEDSECRETS) in self.all(where, CRDS)

    # Who wishes what.

    @cached_property
    def intents(self) -> dict[Who, Intent]:
        """The wishes that count: FleetSecrets and annotated Secrets of the hub."""
        found = [_fleetsecret(one) for one in self.all(HUB, FLEETSECRETS).values()]
        secrets = self.all(HUB, SECRETS).values()
        found += [_annotated(one) for one in secrets if _annotation(one, "enabled") == "true"]
        return {intent.who: intent for intent in found}

    @cached_property
    def members(self) -> dict[str, Document]:
        """The FleetClusters by the cluster they mean."""
        found = self.all(HUB, FLEETCLUSTERS).values()
        return {one["spec"]["context"]: one for one in found}

    @property
    def are_policies_known(self) -> bool:
        """Tell whether the hub serves FleetPolicies: else nobody knows what is forbidden."""
        crds = self.objects[HUB].get(CRDS)
        return crds is None or ("", FLEETPOLICIES) in crds

    def is_going(self, cluster: str, namespace: str) -> bool:
        """Tell whether a namespace is being deleted."""
        found = self.all(cluster, NAMESPACES).get(("", namespace))
        return found is not None and "deletionTimestamp" in found["metadata"]

    def places(self, intent: Intent) -> list[Place]:
        """Return where an intent wants its secret, whether it may or not."""
        return [
            (cluster, namespace, intent.name)
            for cluster, member in self.members.items()
            if chosen(intent.clusters, cluster, _labels(member))
            for (_, namespace), found in self.all(cluster, NAMESPACES).items()
            if chosen(intent.namespaces, namespace, _labels(found))
        ]

    # What it may.

    def may_read(self, intent: Intent) -> bool:
        """Tell whether the source is the asker's own, or granted."""
        cluster, namespace, _ = intent.source
        asker = intent.who[1]
        if cluster == HUB and namespace == asker:
            return True
        return any(
            self._covers(grant.get("sources"), cluster, namespace)
            and (not is_system(namespace) or namespace in grant["sources"]["namespaces"]["names"])
            for grant in self._grants(asker)
        )

    def may_write(self, intent: Intent, place: Place) -> bool:
        """Tell whether the place is the asker's own, or granted, and no system namespace."""
        cluster, namespace, _ = place
        asker = intent.who[1]
        if place == intent.source or is_system(namespace):
            return False
        return namespace == asker or any(
            self._covers(grant.get("targets"), cluster, namespace) for grant in self._grants(asker)
        )

    def _grants(self, asker: str) -> list[Document]:
        return [
            grant
            for policy in self.all(HUB, FLEETPOLICIES).values()
            if not policy["spec"].get("paused")
            for grant in policy["spec"].get("namespaces", ())
            if asker in grant["hub"] or "*" in grant["hub"]
        ]

    def _covers(self, scope: Document | None, cluster: str, namespace: str) -> bool:
        member = self.members.get(cluster)
        labels = _labels(member) if member else {}
        found = self.all(cluster, NAMESPACES).get(("", namespace)) or {"metadata": {}}
        return (
            scope is not None
            and chosen(scope["clusters"], cluster, labels)
            and chosen(scope["namespaces"], namespace, _labels(found))
        )

    # What may flow where: docs/concepts/flows.md.

    def _rules(self) -> list[Document]:
        """Every flow rule; of a paused policy only what forbids."""
        return [
            rule
            for policy in self.all(HUB, FLEETPOLICIES).values()
            for rule in policy["spec"].get("flows", ())
            if rule["action"] == "Deny" or not policy["spec"].get("paused")
        ]

    def _defaults(self) -> set[str]:
        found = set()
        for policy in self.all(HUB, FLEETPOLICIES).values():
            word = policy["spec"].get("defaultFlow", "")
            if word == "Deny" or not policy["spec"].get("paused"):
                found.add(word)
        return found

    def label_sets(self, source: Place) -> list[Mapping[str, str]]:
        """Return what a source is: the labels of its cluster, and each that policies assign."""
        cluster, namespace, _ = source
        member = self.members.get(cluster)
        found: list[Mapping[str, str]] = [_labels(member)] if member else []
        for policy in self.all(HUB, FLEETPOLICIES).values():
            entries = policy["spec"].get("sources", ())
            found += [one["labels"] for one in entries if self._covers(one, cluster, namespace)]
        return [labels for labels in found if labels]

    def forbidding(self, source: Place, cluster: str) -> list[Document]:
        """Return the rules that forbid a flow by name."""
        sets, target = self.label_sets(source), _labels(self.members[cluster])
        return [
            rule
            for rule in self._rules()
            if rule["action"] == "Deny"
            and selects(rule["to"], target)
            and any(selects(rule["from"], labels) for labels in sets)
        ]

    def is_taken_back(self, source: Place, cluster: str) -> bool:
        """Tell whether a rule says that what flowed there once is deleted."""
        rules = self.forbidding(source, cluster)
        return any(rule.get("onRefused") == "Delete" for rule in rules)

    def may_flow(self, source: Place, cluster: str) -> bool:
        """Tell whether what a source holds may lie in a cluster."""
        if self.forbidding(source, cluster):
            return False
        rules, defaults, sets = self._rules(), self._defaults(), self.label_sets(source)
        is_declared = self._has_rules() or "Deny" in defaults
        if not is_declared or ("Allow" in defaults and "Deny" not in defaults):
            return True
        if not sets:
            return False
        target = _labels(self.members[cluster])
        return "Deny" not in defaults or any(
            rule["action"] == "Allow"
            and rule["from"]
            and rule["to"]
            and selects(rule["to"], target)
            and all(selects(rule["from"], labels) for labels in sets)
            for rule in rules
        )

    def _has_rules(self) -> bool:
        policies = self.all(HUB, FLEETPOLICIES).values()
        return any(policy["spec"].get("flows") for policy in policies)

    # What then lies where.

    def wanted_data(self, intent: Intent, cluster: str) -> Data | None:
        """Return what an intent delivers now; None where nobody can say."""
        source = self.secret(intent.source)
        is_known = intent.source[0] == HUB or intent.source[0] in self.members
        if source is None or not is_known:
            return None
        return self.made(intent, cluster, source.get("data") or {}, self.texts(intent))

    def texts(self, intent: Intent) -> Document | None:
        """Return an intent's templates by key; None where an object lacks one."""
        found: Document = dict(intent.template.get("data", {}))
        for entry in intent.template.get("templateFrom", ()):
            ref = entry["configMapRef"]
            key = (intent.who[1], ref["name"])
            held = self.objects[HUB].get(CONFIGMAPS, {}).get(key, {}).get("data") or {}
            for item in ref["items"]:
                if item["key"] not in held:
                    return None
                found[item["key"]] = held[item["key"]]
        return found

    def made(self, intent: Intent, cluster: str, data: Data, texts: Document | None) -> Data | None:
        """Return what an intent makes of values and texts for a cluster; None where it fails."""
        if not intent.template.keys() & {"data", "templateFrom"}:
            return data
        if texts is None:
            return None
        labels = _labels(self.members[cluster])
        found = {key: _rendered(text, data, labels) for key, text in texts.items()}
        values = {key: text for key, text in found.items() if text is not None}
        return values if len(values) == len(found) else None

    @cached_property
    def entitled(self) -> dict[str, dict[Place, list[Intent]]]:
        """Who may deliver what kind where, whether there is something to deliver or not."""
        found: dict[str, dict[Place, list[Intent]]] = {kind: {} for kind in KINDS}
        if not self.are_policies_known:
            return found
        for intent in self.intents.values():
            if intent.paused or not self.may_read(intent):
                continue
            for place in self.places(intent):
                if self.may_write(intent, place) and self.may_flow(intent.source, place[0]):
                    found[intent.kind].setdefault(place, []).append(intent)
        return found

    @cached_property
    def permitted(self) -> dict[str, dict[Place, dict[Who, Data]]]:
        """What may be written where, of which kind, and for whom."""
        found: dict[str, dict[Place, dict[Who, Data]]] = {kind: {} for kind in KINDS}
        for kind, entitled in self.entitled.items():
            for place, intents in entitled.items():
                for intent in intents:
                    data = self.wanted_data(intent, place[0])
                    if data is not None:
                        found[kind].setdefault(place, {})[intent.who] = data
        return found

    def first_claim(self, place: Place, kind: str = SECRET) -> Who | None:
        """Return the oldest who may have a place that nobody holds, able to fill it or not."""
        claims = [
            intent
            for intent in self.intents.values()
            if intent.kind == kind
            and self.may_write(intent, place)
            and place in self.places(intent)
            and self.may_flow(intent.source, place[0])
        ]
        oldest = min(claims, key=lambda one: (one.created, *one.who[1:]), default=None)
        return oldest.who if oldest else None

    def asks_to_go(self, who: Who, place: Place, marked_policy: str, kind: str = SECRET) -> bool:
        """Tell whether somebody truly asked that a target of this intent is deleted."""
        intent = self.intents.get(who)
        if place[0] not in self.members:
            return self.departed.get(place[0]) == "Delete"
        if who[0] == SEALED:
            is_gone = marked_policy == "Delete" and self.sealed(place) is None
            return is_gone or self.is_taken_back(place, place[0])
        if intent is None:
            return marked_policy == "Delete" and not self.is_going(HUB, who[1])
        if intent.on_missing == "Delete" and self.secret(intent.source) is None:
            return True
        if self.is_taken_back(intent.source, place[0]):
            return True
        is_wanted = intent.kind == kind and place in self.places(intent)
        return intent.deletion == "Delete" and not is_wanted


CHANCE = "{{ randAlphaNum 8 }}"
_MADE_BY_CHANCE = re.compile(rb"~[0-9A-Za-z]{8}$")


def _rendered(text: str, data: Data, labels: Mapping[str, str]) -> str | None:
    """Return what comes of a template: histories need three actions only."""
    known = {"{{ .Cluster.labels.env }}": labels["env"], CHANCE: ""}
    if "user" in data:
        known["{{ .user }}"] = base64.b64decode(data["user"]).decode()
    for action, value in known.items():
        text = text.replace(action, value)
    return None if "{{" in text else base64.b64encode(text.encode()).decode()


def is_broken(intent: Intent) -> bool:
    """Tell whether a manifest cannot be understood, and so nobody knows what it wants."""
    return any(text.count("{{") != text.count("}}") for text in _inline(intent))


def _inline(intent: Intent) -> list[str]:
    return list(intent.template.get("data", {}).values())


def without_chance(data: Data) -> Data:
    """Return data without what chance put at the end of its values, after a tilde."""
    return {
        key: base64.b64encode(_MADE_BY_CHANCE.sub(b"~", base64.b64decode(value))).decode()
        for key, value in data.items()
    }


def is_system(namespace: str) -> bool:
    """Tell whether a namespace is never a target."""
    return namespace == "keyfleet-system" or namespace.startswith("kube-")


def marker_of(secret: Document | None) -> Document | None:
    """Return what a Secret's owner annotation says."""
    text = ((secret or {}).get("metadata", {}).get("annotations") or {}).get(OWNER)
    found: Document | None = msgspec.json.decode(text) if text else None
    return found


def is_findable(secret: Document | None) -> bool:
    """Tell whether a Secret wears the label that Keyfleet watches."""
    return HUB_LABEL in ((secret or {}).get("metadata", {}).get("labels") or {})


def who_holds(marker: Document) -> Who:
    """Return the intent that a marker names."""
    return (marker["kind"], marker["intentNamespace"], marker["intentName"])


def chosen(choice: Document, name: str, labels: Mapping[str, str]) -> bool:
    """Tell whether (names or selector) minus exclude takes this; an empty selector takes none."""
    names, selector = choice.get("names", ()), choice.get("selector") or {}
    if name in choice.get("exclude", ()):
        return False
    wanted = selector.get("matchLabels") or {}
    by_label = bool(wanted) and all(labels.get(key) == value for key, value in wanted.items())
    return name in names or "*" in names or by_label


def selects(selector: Document, labels: Mapping[str, str]) -> bool:
    """Tell whether a selector of a flow rule takes these labels; an empty one takes all."""
    wanted = selector.get("matchLabels") or {}
    found = all(labels.get(key) == value for key, value in wanted.items())
    for one in selector.get("matchExpressions") or ():
        is_in = labels.get(one["key"]) in one["values"]
        found = found and (is_in if one["operator"] == "In" else not is_in)
    return found


def _labels(document: Document) -> dict[str, str]:
    found: dict[str, str] = document["metadata"].get("labels") or {}
    return found


def _annotation(document: Document, word: str) -> str:
    found = document["metadata"].get("annotations") or {}
    return str(found.get(f"keyfleet.io/{word}", ""))


def _fleetsecret(document: Document) -> Intent:
    metadata, spec = document["metadata"], document["spec"]
    place, namespace = spec["placement"], metadata["namespace"]
    ref = spec["source"]["secretRef"]
    return Intent(
        who=("FleetSecret", namespace, metadata["name"]),
        uid=metadata["uid"],
        created=metadata["creationTimestamp"],
        source=(ref.get("cluster", HUB), ref.get("namespace", namespace), ref["name"]),
        on_missing=spec["source"].get("onMissing", "Retain"),
        clusters=place.get("clusters", {}),
        namespaces=place.get("namespaces") or {"names": [namespace]},
        name=place.get("name", metadata["name"]),
        conflict=spec.get("conflictPolicy", "Refuse"),
        deletion=spec.get("deletionPolicy", "Delete"),
        paused=bool(spec.get("paused")),
        template=spec.get("template") or {},
        kind=_kind(spec.get("delivery") or {}),
    )


def _kind(delivery: Document) -> str:
    kind: str = delivery.get("kind", SECRET)
    return CARRIER if delivery.get("via") == "Hub" else kind


def _annotated(document: Document) -> Intent:
    metadata = document["metadata"]
    namespace, name = metadata["namespace"], metadata["name"]
    targets = _annotation(document, "targets").split(",")
    return Intent(
        who=("Secret", namespace, name),
        uid=metadata["uid"],
        created=metadata["creationTimestamp"],
        source=(HUB, namespace, name),
        on_missing="Retain",
        clusters={"names": targets},
        namespaces={"names": [_annotation(document, "namespace") or namespace]},
        name=_annotation(document, "name") or name,
        conflict="Refuse",
        deletion=_annotation(document, "deletion-policy") or "Delete",
        paused=False,
    )
