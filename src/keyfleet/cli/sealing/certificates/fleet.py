# SPDX-License-Identifier: Apache-2.0
"""The certificates of a fleet: from its clusters, or from a folder that `keyfleet cert` wrote."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from keyfleet.base.errors import InvalidInputError, InvariantError, KeyfleetError, PermanentError
from keyfleet.base.sealing import Keyset, SealingCertificate, load_certificate
from keyfleet.base.tasks import all_of
from keyfleet.cli.choosing import chosen_clusters
from keyfleet.cli.hub import open_hub
from keyfleet.cli.members import Members, open_members
from keyfleet.cli.options import Common
from keyfleet.cli.sealing.certificates.certificates import require_usable
from keyfleet.cli.sealing.certificates.controller import Controller
from keyfleet.cli.sealing.certificates.service import ServiceName
from keyfleet.cli.sealing.files.tree import read_file
from keyfleet.cli.sealing.keyring.ring import Ring
from keyfleet.cli.sealing.keyring.rings import read_rings
from keyfleet.engine.sealing.keylisting import list_key_secrets
from keyfleet.engine.sealing.keysecrets import newest
from keyfleet.kube.client import Client
from keyfleet.model.places import ClusterFacts, ClusterName, ClusterUid

ENDING = ".pem"


@dataclass(frozen=True, slots=True)
class Recipient:
    """A cluster for which something is sealed."""

    cluster: str
    certificate: SealingCertificate | None = None
    problem: KeyfleetError | None = None
    """Why there is none that can be used."""
    keyset: Keyset = field(default_factory=Keyset, repr=False)
    """To compare with what was sealed before; empty where the keys may not be read."""

    def required(self) -> SealingCertificate:
        """Return the certificate.

        Raises:
            KeyfleetError: There is none that can be used.
        """
        if self.certificate is None:
            raise self.problem or InvariantError("sealing.unchecked", "nobody looked", self.cluster)
        return self.certificate

    def checked(self, now: datetime) -> "Recipient":
        """Return it without a certificate that has expired; warn of one that soon will."""
        if self.certificate is None:
            return self
        try:
            require_usable(self.certificate, now, self.cluster)
        except InvalidInputError as error:
            return replace(self, certificate=None, problem=error)
        return self


async def certificate_of(client: Client, service: ServiceName) -> SealingCertificate:
    """Return a cluster's certificate: its controller's, else that of its newest key Secret.

    Raises:
        KeyfleetError: The controller's, where neither can be had.
    """
    try:
        return await Controller(client, service).certificate()
    except KeyfleetError as error:
        refusal = error
    try:
        found = newest((await list_key_secrets(client, service.namespace)).found)
    except KeyfleetError:
        found = None
    if found is None:
        raise refusal
    return found.certificate


async def read_fleet(common: Common, service: ServiceName) -> list[Recipient]:
    """Return the chosen clusters, by name; one that cannot be reached says so.

    The FleetCluster of a cluster may tell its certificate, else its keys do; where those may not be
    read, its controller does.

    Raises:
        KeyfleetError: The hub cannot be asked, or no such cluster is known.
    """
    async with open_hub(common) as hub, open_members(hub) as members:
        return await recipients(members, common, service)


async def recipients(
    members: Members, common: Common, service: ServiceName, *, only: Iterable[str] | None = None
) -> list[Recipient]:
    """Return the chosen clusters of a fleet, by name, as `read_fleet`.

    Args:
        members: The fleet.
        common: Which clusters are chosen.
        service: Where each has its controller and its keys.
        only: Names to look for among them; None: all.
    """
    rings = await read_rings(members, common, only=only, namespace=service.namespace)
    found = await all_of(
        (_recipient(members, ring, service) for ring in rings.values()), name="certificates"
    )
    return _once(found)


async def read_folder(folder: Path, common: Common) -> list[Recipient]:
    """Return the chosen clusters with the certificates that a folder holds.

    Nothing is contacted, but for labels the hub.

    Raises:
        InvalidInputError: No such folder, or no such cluster.
    """
    files = certificate_files(folder)
    facts = [ClusterFacts(ClusterName(name), ClusterUid("")) for name in files]
    if common.cluster_selector:
        async with open_hub(common) as hub, open_members(hub) as members:
            facts = members.live.facts()
    chosen = chosen_clusters(facts, common)
    names = sorted(files if chosen is None else chosen)
    return [_of_file(str(name), files.get(str(name)), folder) for name in names]


def certificate_files(folder: Path) -> dict[str, Path]:
    """Return cluster -> file of each certificate in a folder.

    Raises:
        InvalidInputError: It cannot be read.
    """
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix == ENDING)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        problem = InvalidInputError("input.unreadable", "cannot be read", f"{folder}: {reason}")
    else:
        return {path.stem: path for path in found}
    raise problem


def _of_file(cluster: str, path: Path | None, folder: Path) -> Recipient:
    if path is None:
        hint = f"`keyfleet cert --clusters {cluster} --into {folder}` fetches it"
        message = "the folder has no certificate of this cluster"
        return Recipient(
            cluster, problem=PermanentError("sealing.no_certificate", message, cluster, hint)
        )
    try:
        return Recipient(cluster, load_certificate(read_file(path), str(path)))
    except InvalidInputError as error:
        return Recipient(cluster, problem=error)


async def _recipient(members: Members, ring: Ring, service: ServiceName) -> Recipient:
    contact = (await members.contact([ClusterName(ring.cluster)]))[0]
    declared = contact.snapshot.sealing_certificate
    if declared:
        # Whoever declares one means it, as with what the controller delivers.
        try:
            certificate = load_certificate(declared.encode(), ring.cluster)
        except InvalidInputError as error:
            return Recipient(ring.cluster, problem=error)
        return Recipient(ring.cluster, certificate, keyset=ring.keyset)
    if ring.certificate is not None:
        return Recipient(ring.cluster, ring.certificate, keyset=ring.keyset)
    if contact.member is not None:
        # Why the keys may not be read is told below.
        with suppress(KeyfleetError):
            told = await Controller(contact.member.client, service).certificate()
            return Recipient(ring.cluster, told)
    nothing = PermanentError(
        "sealing.no_certificate",
        "the cluster has no sealing key",
        ring.cluster,
        "`keyfleet run` makes one where SealedSecrets are installed; see `keyfleet install`",
    )
    return Recipient(ring.cluster, problem=next(iter(ring.problems), nothing))


def _once(found: Iterable[Recipient]) -> list[Recipient]:
    return sorted({each.cluster: each for each in found}.values(), key=lambda each: each.cluster)
