# SPDX-License-Identifier: Apache-2.0
"""One URL in its parts, and as text.

Texts here have one character for each byte.
"""

from dataclasses import dataclass

from keyfleet.transform.gotemplate.formats.urls.escaping import Part, escaped


@dataclass(frozen=True, slots=True)
class User:
    """Who is named before the host."""

    name: str
    password: str | None = None
    """None where there is no colon."""

    def text(self) -> str:
        """Return it as it stands in a URL."""
        name = escaped(self.name, Part.USERINFO)
        if self.password is None:
            return name
        return f"{name}:{escaped(self.password, Part.USERINFO)}"


@dataclass(frozen=True, slots=True)
class Url:
    """A URL; path and fragment without escapes, the query as it is."""

    scheme: str = ""
    opaque: str = ""
    """What follows the scheme where that is no path."""
    user: User | None = None
    host: str = ""
    """With its port."""
    path: str = ""
    query: str = ""
    fragment: str = ""

    @property
    def hostname(self) -> str:
        """The host without port and brackets."""
        host, colon, port = self.host.rpartition(":")
        if not colon or port.strip("0123456789"):
            host = self.host
        return host[1:-1] if host.startswith("[") and host.endswith("]") else host

    def text(self) -> str:
        """Return it all."""
        before = f"{self.scheme}:" if self.scheme else ""
        middle = self.opaque or self._authority() + self._path(is_first=not before)
        query = f"?{self.query}" if self.query else ""
        fragment = f"#{escaped(self.fragment, Part.FRAGMENT)}" if self.fragment else ""
        return before + middle + query + fragment

    def _authority(self) -> str:
        has_one = self.host or self.user is not None
        if not has_one and not (self.scheme and self.path):
            return ""
        user = "" if self.user is None else f"{self.user.text()}@"
        return f"//{user}{escaped(self.host, Part.HOST)}"

    def _path(self, *, is_first: bool) -> str:
        path = self.path if self.path == "*" else escaped(self.path, Part.PATH)
        if path and not path.startswith("/") and self.host:
            return f"/{path}"
        has_authority = self.host or self.user is not None
        if is_first and not has_authority and ":" in path.partition("/")[0]:
            return f"./{path}"
        return path
