# SPDX-License-Identifier: Apache-2.0
"""What an object of the hub asks for, and whether a change of it changes that."""

from typing import Any

from keyfleet.base import codec
from keyfleet.kube.objects import Metadata, metadata_of
from keyfleet.model.intent import Origin
from keyfleet.model.places import ClusterName
from keyfleet.plugin import Dialect, Kind

Document = dict[str, Any]
HUB = ClusterName("")
"""The hub, as the place of a manifest."""


def metadata_manifest(kind: Kind, metadata: Metadata) -> Document:
    """Return an object as a manifest whose meaning is in its labels and annotations."""
    return {
        "apiVersion": kind.resource.api_version,
        "kind": kind.resource.kind,
        "metadata": codec.builtins(metadata),
    }


def origin_of(
    dialect: Dialect, kind: str, metadata: Metadata, cluster: ClusterName = HUB
) -> Origin:
    """Return who asked, for a manifest found on the hub or in a member."""
    return Origin(
        dialect=dialect.name,
        kind=kind,
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        generation=metadata.generation,
        created=metadata.creation_timestamp or "",
        cluster=cluster,
    )


def is_status_only(old: Document, new: Document) -> bool:
    """Tell whether a manifest asks for the same as before."""
    before, after = metadata_of(old), metadata_of(new)
    return (
        before.uid == after.uid
        and before.generation == after.generation
        and before.annotations == after.annotations
        and before.labels == after.labels
        and before.deletion_timestamp == after.deletion_timestamp
    )


def is_same_request(old: Metadata | None, new: Metadata | None) -> bool:
    """Tell whether an annotated object asks for the same as before."""
    # The annotations are filtered to the dialect's own, so equality means: the same request. Flow
    # guards look at the labels.
    return (
        old is not None
        and new is not None
        and (old.uid, old.annotations, old.labels) == (new.uid, new.annotations, new.labels)
    )
