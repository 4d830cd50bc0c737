# SPDX-License-Identifier: Apache-2.0
"""What a watch is of: which objects of a cluster, and what of them is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from keyfleet.kube.decoding import Decode
from keyfleet.kube.requests import EVERYTHING, Selection, subject_of
from keyfleet.kube.resources import Resource

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Collection(Generic[T]):
    """Objects of one kind that are listed and watched together."""

    resource: Resource
    decode: Decode[T]
    """How they are read, and so what is kept: `METADATA` or `full_object`, mostly."""
    selection: Selection = EVERYTHING
    keep: Callable[[str], bool] | None = None
    """Which annotations are kept; None: all. `last-applied-configuration` never is."""
    purpose: str = ""
    """What the watch is for, where a cluster's kind is watched for several."""

    def subject(self, cluster: str) -> str:
        """Return what errors call it."""
        return f"{cluster}/{subject_of(self.resource, self.selection.namespace, '')}"

    def watch_name(self, cluster: str) -> str:
        """Return what tells its watch from others of the same kind, for metrics."""
        chosen = f"{self.selection.labels}&{self.selection.fields}"
        return f"{self.purpose}:{self.subject(cluster)}?{chosen}"
