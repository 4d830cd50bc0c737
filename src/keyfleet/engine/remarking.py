# SPDX-License-Identifier: Apache-2.0
"""Write another marker to a target and leave the rest of it alone; pure.

A person at a command line asked for it: because the cluster has another identity, or because
Keyfleet goes. What a marker says is only carried over, never made up.
"""

from collections.abc import Mapping

from keyfleet.kube.objects import Metadata
from keyfleet.model.ownership import MARKED, Installation, Marker, Marks
from keyfleet.model.places import SECRET, ClusterName, Place
from keyfleet.model.plan import Step, Verb, Write


def remark(
    metadata: Metadata,
    marker: Marker,
    installation: Installation,
    cluster: ClusterName,
    kind: str = SECRET,
) -> Step:
    """Return the step that gives a live target this marker, signed anew.

    Args:
        metadata: Of the target as it was seen; it must still be that version.
        marker: What to say.
        installation: Who signs.
        cluster: What the cluster is called, for messages.
        kind: Of the target.
    """
    place = Place(cluster, metadata.namespace, metadata.name, kind)
    return _step(metadata, marker, MARKED.marks(marker, installation), place)


def release(
    metadata: Metadata, marker: Marker, installation: Installation, cluster: ClusterName
) -> Step:
    """Return the step that leaves a live Secret in place for good, as `Retain` does."""
    place = Place(cluster, metadata.namespace, metadata.name)
    return _step(metadata, marker, MARKED.relinquish(marker, installation), place)


def _step(metadata: Metadata, marker: Marker, marks: Marks, place: Place) -> Step:
    write = Write(
        type="",
        labels=_changed(metadata.labels, marks.labels),
        annotations=_changed(metadata.annotations, marks.annotations),
        has_labels=metadata.labels is not None,
        has_annotations=metadata.annotations is not None,
    )
    return Step(
        marker.intent,
        place,
        Verb.UPDATE,
        write=write,
        uid=metadata.uid,
        resource_version=metadata.resource_version,
        revision=marker.revision,
        fingerprint=marker.fingerprint,
    )


def _changed(before: Mapping[str, str] | None, after: Mapping[str, str]) -> dict[str, str | None]:
    known = before or {}
    return {name: text for name, text in after.items() if known.get(name) != text}
