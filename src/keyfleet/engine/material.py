# SPDX-License-Identifier: Apache-2.0
"""What an intent's reads gave, and what follows from where it was read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from keyfleet.base.secret import SecretValue
from keyfleet.engine.revisions import Prints
from keyfleet.model.data import Material, SecretData, Texts, fingerprint
from keyfleet.model.flows import Lineage
from keyfleet.model.intent import Intent
from keyfleet.model.ownership import Installation, Spot, spot_in
from keyfleet.model.places import ClusterFacts, IntentKey
from keyfleet.plan.flows import carried


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that was read for an intent, in the order of its reads."""

    intent: Intent
    clusters: tuple[ClusterFacts, ...]
    """Where each was read."""
    data: tuple[SecretData, ...]

    @property
    def material(self) -> Material:
        """What templates and shapes work with."""
        intent = self.intent
        values = self.data[: len(intent.reads)]
        texts = zip(intent.template_reads, self.data[len(intent.reads) :], strict=True)
        return Material(
            {read.name: data for read, data in zip(intent.reads, values, strict=True)},
            tuple(Texts(read.secret, data.entries()) for read, data in texts),
        )

    @property
    def spots(self) -> tuple[Spot, ...]:
        """The Secrets that were read, by the identity of their clusters."""
        return tuple(
            spot_in(cluster, read.ref.namespace, read.ref.name)
            for read, cluster in zip(self.intent.all_reads, self.clusters, strict=True)
            if read.ref.kind == "Secret"
        )

    def lineage(self, installation: Installation) -> Lineage:
        """Return where the data comes from: all Secrets that it is made of."""
        first, *others = [
            Lineage(cluster, read.ref.namespace, carried(data, spot, installation))
            for read, cluster, data in zip(
                self.intent.all_reads, self.clusters, self.data, strict=True
            )
            if read.ref.kind == "Secret"
            for spot in [spot_in(cluster, read.ref.namespace, read.ref.name)]
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
