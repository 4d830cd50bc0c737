# SPDX-License-Identifier: Apache-2.0
"""What an intent's reads gave, and what follows from where it was read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from keyfleet.base.errors import InvariantError
from keyfleet.base.secret import SecretValue
from keyfleet.engine.revisions import Prints
from keyfleet.model.assembly import Assembly
from keyfleet.model.data import Material, SecretData, Texts, fingerprint
from keyfleet.model.flows import Labels, Lineage
from keyfleet.model.intent import Intent, Read
from keyfleet.model.ownership import Installation, Spot, spot_in
from keyfleet.model.places import ClusterFacts, IntentKey
from keyfleet.model.stores import StoreRead
from keyfleet.plan.flows import carried
from keyfleet.plugin.stores import Answer
from keyfleet.transform.assembly import assembled, is_quick

Got = SecretData | Answer | None
"""What one read gave: an object, what a store answered, or nothing where that is allowed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that was read for an intent, in the order of its reads."""

    intent: Intent
    clusters: tuple[ClusterFacts, ...]
    """Where each was read."""
    got: tuple[Got, ...]
    material: Material
    """What templates and shapes work with."""

    @property
    def spots(self) -> tuple[Spot, ...]:
        """The Secrets that were read, by the identity of their clusters."""
        return tuple(
            spot_in(cluster, read.ref.namespace, read.ref.name)
            for read, cluster in zip(self.intent.all_reads, self.clusters, strict=True)
            if read.ref.kind == "Secret"
        )

    @property
    def is_empty(self) -> bool:
        """Tell whether the stores gave nothing at all."""
        return not any(data.tree for data in self.material.sources.values())

    def lineage(self, installation: Installation) -> Lineage:
        """Return where the data comes from: all Secrets and stores that it is made of."""
        wanted = self.intent.secret_reads
        read = zip(self.intent.all_reads, self.clusters, self.got, strict=True)
        first, *others = [
            _with_marks(lineage_of(each, cluster), each, got, installation)
            for each, cluster, got in read
            if each in wanted
        ]
        return replace(first, own=self.intent.labels, besides=tuple(others))

    def prints(self, installation: Installation, wording: Mapping[str, SecretValue]) -> Prints:
        """Return the fingerprints of all that was read, under each key of the installation.

        Args:
            installation: Whose keys.
            wording: The texts of templates: another text is another source.
        """
        entries = {
            f"{name}/{key}" if name else key: value
            for name, data in self.material.sources.items()
            for key, value in data.entries().items()
        }
        return tuple(
            fingerprint_under(installation, self.intent.key, {**entries, **wording}, key_id=key_id)
            for key_id in installation.ring.keys
        )


def reading_of(intent: Intent, clusters: Iterable[ClusterFacts], got: Iterable[Got]) -> Reading:
    """Return what was read, put together as the intent says.

    Raises:
        TransformError: The answers of stores do not make a map.
    """
    found = tuple(got)
    values, texts = found[: len(intent.reads)], found[len(intent.reads) :]
    assembly = intent.shape.assembly
    if assembly is not None:
        sources = {"": _assembled(assembly, values)}
    else:
        given = [_data(each, value) for each, value in zip(intent.reads, values, strict=True)]
        sources = {read.name: data for read, data in zip(intent.reads, given, strict=True)}
    objects = zip(intent.template_reads, texts, strict=True)
    material = Material(
        sources,
        tuple(Texts(read.secret, _data(read, text).entries()) for read, text in objects),
    )
    return Reading(intent, tuple(clusters), found, material)


def is_quickly_read(intent: Intent, got: Iterable[Got]) -> bool:
    """Tell whether `reading_of` takes some milliseconds at most."""
    assembly = intent.shape.assembly
    values = list(got)[: len(intent.reads)]
    return assembly is None or is_quick(assembly, _answers(values))


def lineage_of(read: Read, cluster: ClusterFacts, own: Labels | None = None) -> Lineage:
    """Return what is known of a source before it is read.

    Args:
        read: What is read.
        cluster: Where the Secret is, or where the store is declared.
        own: The labels of the declaration.
    """
    ref = read.ref
    store = ref.store if isinstance(ref, StoreRead) else None
    return Lineage(cluster, ref.namespace, own=own or {}, store=store)


def fingerprint_under(
    installation: Installation,
    key: IntentKey,
    data: Mapping[str, SecretValue],
    *,
    key_id: str | None = None,
) -> str:
    """Return the fingerprint of data under an intent, by default under the signing key."""
    ring, hub = installation.ring, installation.hub
    return fingerprint(ring, hub=hub, intent=key, data=data, key_id=key_id)


def _with_marks(lineage: Lineage, read: Read, got: Got, installation: Installation) -> Lineage:
    if not isinstance(got, SecretData):
        # What a store gives was never delivered by anybody.
        return lineage
    spot = spot_in(lineage.cluster, read.ref.namespace, read.ref.name)
    return replace(lineage, carried=carried(got, spot, installation))


def _assembled(assembly: Assembly, values: tuple[Got, ...]) -> SecretData:
    return SecretData(assembled(assembly, _answers(values)), type="")


def _answers(values: Iterable[Got]) -> list[Answer | None]:
    return [value for value in values if not isinstance(value, SecretData)]


def _data(read: Read, got: Got) -> SecretData:
    if isinstance(got, SecretData):
        return got
    if isinstance(got, SecretValue):
        return SecretData({read.key: got})
    if got is None:
        raise InvariantError("reading.absent", "an absent source was let through", read.path)
    return SecretData(dict(got))
