# SPDX-License-Identifier: Apache-2.0
"""The sealing keys of one cluster, as a command knows them; those given in files.

Apart from `rings`, so that what asks no cluster starts without all that asking needs.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Annotated

from cyclopts import Parameter

from keyfleet.base.errors import InvalidInputError, KeyfleetError
from keyfleet.base.sealing import Keyset, SealingCertificate, SealingKey
from keyfleet.cli.options import Common
from keyfleet.cli.sealing.keyring.keyfiles import load_keys

BACKED_UP = "keyfleet.io/backed-up-at"
"""Annotation of a key Secret: when `keyfleet keys backup` last wrote it into a file."""
SHORT = 8
"""Characters of a fingerprint that people see, behind `SHA256:`."""
IN_FILE = "file"
"""State of a key that was given in a file: what its cluster says of it is not known."""

_PREFIX = "SHA256:"
_OF_CLUSTER = re.compile(r"([a-z0-9][-.a-z0-9]*)=(.+)", re.DOTALL)

KeyFiles = Annotated[
    tuple[str, ...],
    Parameter(name="--recovery-private-key", consume_multiple=False, negative="", metavar="FILE"),
]
"""`--recovery-private-key FILE` or `NAME=FILE`, repeatable."""


@dataclass(frozen=True, slots=True)
class RingKey:
    """A sealing key of a cluster."""

    key: SealingKey
    state: str
    """As its Secret's label says; `file`."""
    place: str = ""
    """`namespace/name` of its Secret."""
    certificate: SealingCertificate | None = None
    backed_up: str = ""
    """When, as its Secret says; empty: never."""
    is_active: bool = True

    @property
    def fingerprint(self) -> str:
        """Of the key."""
        return self.key.fingerprint


@dataclass(frozen=True, slots=True)
class Ring:
    """The sealing keys of one cluster."""

    cluster: str
    keys: tuple[RingKey, ...] = ()
    """Those in use first, of them the newest; then the others."""
    newest: RingKey | None = None
    """Which seals; None: not known."""
    problems: tuple[KeyfleetError, ...] = ()
    """Key Secrets that cannot be used; the cluster itself, where it could not be asked."""
    is_known: bool = True
    """The cluster answered, so that these are all its keys."""

    @property
    def keyset(self) -> Keyset:
        """To open with: keys out of use too, for what they sealed is what must be resealed."""
        return Keyset(each.key for each in self.keys)

    @property
    def certificate(self) -> SealingCertificate | None:
        """What new values are sealed with."""
        return self.newest.certificate if self.newest else None

    def named(self, fingerprint: str) -> RingKey | None:
        """Return the key of a fingerprint."""
        return next((each for each in self.keys if each.fingerprint == fingerprint), None)


def short(fingerprint: str) -> str:
    """Return what people see of a fingerprint.

    >>> short("SHA256:abcdefghijklmnop")
    'SHA256:abcdefgh'
    """
    return fingerprint[: len(_PREFIX) + SHORT]


def is_meant(text: str, fingerprint: str) -> bool:
    """Tell whether a text, maybe shortened, is that fingerprint.

    >>> is_meant("abcdefgh", "SHA256:abcdefghijklmnop")
    True
    """
    return fingerprint.startswith(_PREFIX + text.removeprefix(_PREFIX))


def key_meant(text: str, fingerprints: Iterable[str]) -> str:
    """Return the one fingerprint that a text, maybe shortened, means.

    Raises:
        InvalidInputError: `keys.unknown`: none of them, or several.
    """
    found = sorted({each for each in fingerprints if is_meant(text, each)})
    if len(found) == 1 and len(text.removeprefix(_PREFIX)) >= SHORT:
        return found[0]
    hint = "`keyfleet keys list -o wide` shows each whole; give 8 characters or more"
    message = "several keys begin like this" if len(found) > 1 else "no such key"
    raise InvalidInputError("keys.unknown", message, text, hint)


def narrowed(common: Common, clusters: str) -> Common:
    """Return the global flags with those clusters: names with commas, or a label selector.

    >>> narrowed(Common(), "east,w*").cluster
    ('east', 'w*')
    >>> narrowed(Common(), "env=production").cluster_selector
    'env=production'
    """
    if not clusters:
        return common
    if re.search(r"[=!( ]", clusters):
        return replace(common, cluster_selector=clusters)
    names = tuple(name for name in clusters.split(",") if name)
    return replace(common, cluster=(*common.cluster, *names))


def files_by_cluster(
    given: Sequence[str], clusters: Iterable[str], common: Common
) -> dict[str, Ring]:
    """Return the rings of keys in files, `FILE` or `CLUSTER=FILE`, for the clusters of a tree.

    A key whose cluster is not named may open the values of one cluster only: whoever can write
    into the tree could else copy a value there for another cluster, and have it sealed anew.

    Raises:
        InvalidInputError: A file cannot be used; `keys.whose`: a key's cluster is not clear.
    """
    wanted = sorted(name for name in clusters if may_be(name, common))
    found: dict[str, list[SealingKey]] = {}
    for text in given:
        named = _OF_CLUSTER.fullmatch(text)
        if named is None and len(wanted) > 1:
            raise InvalidInputError(
                "keys.whose",
                "which cluster is the key of? The tree has several",
                text,
                f"--recovery-private-key {wanted[0]}=FILE, or one cluster: -c {wanted[0]}",
            )
        names = [named[1]] if named else wanted
        for name in names:
            found.setdefault(name, []).extend(load_keys([named[2] if named else text]))
    return {
        name: Ring(name, tuple(RingKey(key, IN_FILE) for key in keys), is_known=False)
        for name, keys in found.items()
    }


def may_be(cluster: str, common: Common) -> bool:
    """Tell whether the flags choose a cluster by its name."""
    patterns = common.cluster
    return not patterns or any(fnmatchcase(cluster, pattern) for pattern in patterns)


def shared(rings: Iterable[Ring]) -> dict[str, list[str]]:
    """Return fingerprint -> clusters of each key that several clusters hold."""
    found: dict[str, list[str]] = {}
    for ring in rings:
        for fingerprint in dict.fromkeys(each.fingerprint for each in ring.keys):
            found.setdefault(fingerprint, []).append(ring.cluster)
    return {key: names for key, names in found.items() if len(names) > 1}
