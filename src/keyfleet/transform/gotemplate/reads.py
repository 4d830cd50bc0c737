# SPDX-License-Identifier: Apache-2.0
"""Secrets that a template reads by itself: found out by rendering, fetched in between.

Templates of Vault's agent name what they read (`{{ with secret "kv/db" }}`), often only after they
have seen another secret. So they are rendered in passes: while a pass asks for something unknown,
its text and its errors mean nothing; what it asked for is fetched, and the next pass begins.

`in_passes` fetches nothing itself. It yields what is to be read and is sent the answers:

    passes = in_passes(lambda resolver: ...)
    reads = next(passes)
    reads = passes.send({read: ... for read in reads})  # StopIteration.value is the text

Source: docs/compat/go-templates.md 19, docs/compat/vault.md 2.3.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from keyfleet.transform.gotemplate.errors import BudgetError, Data, GoError, TemplateError
from keyfleet.transform.gotemplate.values import INVALID

MAX_PASSES = 10
MAX_READS = 256
"""Of one template: more are a mistake, or meant to harm the store."""


@dataclass(frozen=True, slots=True)
class SecretRead:
    """One read that a template wants."""

    function: str
    """`secret`, `secrets` or `pkiCert`."""
    path: str
    """Without slashes around it; may end in a query such as `?version=3`."""
    parameters: tuple[tuple[str, str], ...] | None = None
    """Sorted; None where the template gave none, which makes it a read and not a write."""


class Resolver(Protocol):
    """Knows the secrets that a template reads."""

    def resolve(self, read: SecretRead) -> Any:
        """Return what the template gets.

        Returns:
            INVALID while it is unknown; the resolver remembers that it was asked for.
        Raises:
            GoError: It is known that there is none.
        """
        ...


Answers = Mapping[SecretRead, Any]
"""Go values; None where the store holds nothing."""


class KnownSecrets:
    """A resolver with the answers it has so far."""

    def __init__(self, known: Answers) -> None:
        """Begin a pass."""
        self._known = known
        self.unknown: dict[SecretRead, None] = {}
        """What was asked for in vain, in order."""

    def resolve(self, read: SecretRead) -> Any:
        """Return the answer, INVALID where there is none yet."""
        if read in self._known:
            return self._answer(read)
        self.unknown[read] = None
        if len(self._known) + len(self.unknown) > MAX_READS:
            raise BudgetError(f"the template reads more than {MAX_READS} secrets")
        return INVALID

    def _answer(self, read: SecretRead) -> Any:
        value = self._known[read]
        if value is None and read.function != "secrets":
            raise GoError("no secret exists at ", Data(read.path))
        return value


def in_passes(
    render: Callable[[Resolver], str],
) -> Generator[tuple[SecretRead, ...], Answers, str]:
    """Render until nothing is unknown.

    Args:
        render: One pass; called at most `MAX_PASSES` times.
    Yields:
        What to read before the next pass. To be sent an answer for each of them.
    Returns:
        The text of the pass that knew all it asked for.
    Raises:
        TemplateError: That pass failed, or there were too many.
    """
    known: dict[SecretRead, Any] = {}
    for number in range(1, MAX_PASSES + 1):
        resolver = KnownSecrets(known)
        try:
            text = render(resolver)
        except TemplateError:
            if not resolver.unknown:
                raise
        else:
            if not resolver.unknown:
                return text
        if number < MAX_PASSES:
            known.update((yield tuple(resolver.unknown)))
    raise TemplateError(
        f"the template still asks for more secrets after {MAX_PASSES} passes", stage="exec", line=1
    )
