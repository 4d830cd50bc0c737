# SPDX-License-Identifier: Apache-2.0
"""From keys of manifests to paths of the API; pure.

A key is the short form below the store's mount, or the long form with the mount in front. A key
that really begins like its mount therefore has to be written in the long form.
Source: docs/compat/eso.md, "HashiCorp Vault", read path.
"""

from urllib.parse import quote

from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.stores import How, Query
from keyfleet.plugin.storeerrors import unaskable
from keyfleet.sources.vault.spec import VaultSpec

_UNQUOTED = "/~!$&'()*+,;=:@"


def data_path(spec: VaultSpec, key: str) -> str:
    """Return where the value of a key is read.

    Raises:
        InvalidIntentError: `store.query`: a key that leaves its place.
    """
    if spec.path is not None:
        return data_below(spec, _below_mount(spec, key))
    if spec.is_v2 and "/data/" not in key:
        first, _, rest = key.partition("/")
        return clean(f"{first}/data/{rest}")
    return clean(key)


def metadata_path(spec: VaultSpec, key: str) -> str:
    """Return where a key's metadata is read; only version 2 has any.

    Raises:
        InvalidIntentError: `store.query`: as `data_path`, or the store has no mount and the key no
            `data` part.
    """
    if spec.path is not None:
        return metadata_below(spec, _below_mount(spec, key))
    if "/data/" not in key:
        raise _unaskable(key, "set path of the store, or write the key as mount/data/name")
    return clean(key.replace("/data/", "/metadata/", 1))


def data_below(spec: VaultSpec, name: str) -> str:
    """Return where the value of a name is read that a list returned, whatever it begins with."""
    return clean(f"{_mount(spec)}/data/{name}" if spec.is_v2 else f"{_mount(spec)}/{name}")


def metadata_below(spec: VaultSpec, name: str) -> str:
    """Return where such a name has its metadata, or such a folder its list."""
    return clean(f"{_mount(spec)}/metadata/{name}" if spec.is_v2 else f"{_mount(spec)}/{name}")


def _mount(spec: VaultSpec) -> str:
    return (spec.path or "").strip("/")


def _below_mount(spec: VaultSpec, key: str) -> str:
    mount = f"{_mount(spec)}/"
    if not key.startswith(mount):
        return key
    below = key.removeprefix(mount)
    return below.removeprefix("data/") if spec.is_v2 else below


def clean(path: str) -> str:
    """Return a path without empty parts.

    Raises:
        InvalidIntentError: `store.query`: nothing is left, or `..` would lead elsewhere.
    """
    parts = [part for part in path.split("/") if part]
    if not parts or "." in parts or ".." in parts:
        raise _unaskable(path, "write the path of a secret, without `.` and `..`")
    return "/".join(parts)


def _unaskable(key: str, hint: str) -> InvalidIntentError:
    return unaskable(Query(How.VALUE, key=key), hint)


def quoted(path: str) -> str:
    """Return a path as it stands in a URL."""
    return quote(path, safe=_UNQUOTED, errors="replace")
