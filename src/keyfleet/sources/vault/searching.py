# SPDX-License-Identifier: Apache-2.0
"""Find all secrets of a store that match: lists below a folder, then one read each.

Source: docs/compat/eso.md, "HashiCorp Vault", find.
"""

from collections.abc import AsyncIterator

from keyfleet.base.errors import PermanentError, SecretNotFoundError
from keyfleet.base.tasks import all_of
from keyfleet.kube.bounds import MIB
from keyfleet.model.stores import Search
from keyfleet.plugin.storesearch import name_matcher
from keyfleet.sources.vault.paths import data_below, metadata_below
from keyfleet.sources.vault.reading import Content, Reader
from keyfleet.sources.vault.spec import VaultSpec

NAMES_MAX = 10_000
FOLDERS_MAX = 1_000
FOUND_MAX = 1_000
"""A Secret holds 1 MiB: more secrets than this fit into none."""
FOUND_BYTES = 8 * MIB
"""The same, for all answers together."""
AT_ONCE = 8
"""Reads of one search that wait for the server at a time."""


class Searcher:
    """Searches of one store."""

    def __init__(self, spec: VaultSpec, reader: Reader, *, subject: str) -> None:
        self._spec = spec
        self._reader = reader
        self._subject = subject

    async def find(self, search: Search) -> dict[str, Content]:
        """Return what matches, by its path below the mount.

        A name wins over tags; neither means all. Deleted secrets are left out.

        Raises:
            SecretNotFoundError: There is nothing at all below the path.
            PermanentError: `store.search_too_large`.
        """
        matches = name_matcher(search.name_regexp)
        names = [name async for name in self._names(search.path) if matches(name)]
        tags = () if search.name_regexp else search.tags
        found: dict[str, Content] = {}
        size = 0
        for start in range(0, len(names), AT_ONCE):
            chunk = names[start : start + AT_ONCE]
            looks = (self._look(name, tags) for name in chunk)
            contents = await all_of(looks, name="vault search")
            looked = zip(chunk, contents, strict=True)
            found |= {name: content for name, content in looked if content is not None}
            size += sum(content.size for content in contents if content is not None)
            if len(found) > FOUND_MAX or size > FOUND_BYTES:
                raise self._too_large()
        return found

    async def _names(self, path: str) -> AsyncIterator[str]:
        """Yield all names below a path; upstream puts a slash behind it, whatever it ends with."""
        folders, seen, listed = [f"{path}/" if path else ""], 0, 0
        while folders:
            folder = folders.pop()
            listed += 1
            for name in await self._listed(folder, is_first=listed == 1):
                seen += 1
                if seen > NAMES_MAX or listed > FOLDERS_MAX:
                    raise self._too_large()
                if name.endswith("/"):
                    folders.append(folder + name)
                else:
                    yield folder + name

    async def _listed(self, folder: str, *, is_first: bool) -> list[str]:
        try:
            return await self._reader.names(metadata_below(self._spec, folder))
        except SecretNotFoundError:
            if is_first:
                raise
            # It went after its parent was listed, which says nothing of the others.
            return []

    async def _look(self, name: str, tags: tuple[tuple[str, str], ...]) -> Content | None:
        if tags:
            own = (await self._reader.metadata(metadata_below(self._spec, name))).members
            if any(own.get(tag) != text for tag, text in tags):
                return None
        try:
            return await self._reader.read(data_below(self._spec, name))
        except SecretNotFoundError:
            return None

    def _too_large(self) -> PermanentError:
        return PermanentError(
            "store.search_too_large",
            "too many secrets lie below the path",
            self._subject,
            f"narrow path or name: {NAMES_MAX} names, {FOLDERS_MAX} folders and {FOUND_MAX} "
            f"secrets of together {FOUND_BYTES // MIB} MiB are the most",
        )
