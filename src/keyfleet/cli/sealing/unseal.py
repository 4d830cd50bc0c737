# SPDX-License-Identifier: Apache-2.0
"""`keyfleet unseal`."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from keyfleet.base.errors import DeniedError
from keyfleet.base.sealing import Keyset, SealingKey
from keyfleet.cli.exits import Exit, exit_of_error
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.sealing.files.documents import Document, written
from keyfleet.cli.sealing.files.writing import PRIVATE, write_file
from keyfleet.cli.sealing.keyring.keyfiles import load_keys
from keyfleet.cli.sealing.modes import open_all, read_input
from keyfleet.cli.sealing.opening import read_sealed_secrets
from keyfleet.cli.sealing.options.flags import Service, Several, Streams, namespace_of
from keyfleet.cli.terminal import note, write_data

NO_STREAMS, NO_SERVICE = Streams(), Service()


async def unseal(
    *,
    recovery_private_key: Annotated[tuple[str, ...], Several, Parameter(metavar="FILE")] = (),
    streams: Streams = NO_STREAMS,
    service: Service = NO_SERVICE,
    common: Common = NO_OPTIONS,
) -> Exit:
    """Open SealedSecrets and print the Secrets, values included: for recovery, not for every day.

    With key files nothing is contacted. Without them the key Secrets of the current context, or of
    the cluster that -c names, are read with your own rights. What opens is printed, also when
    something else does not; exit code 4: no key opens it.

    Args:
        recovery_private_key: Private keys: PEM, or Secrets with tls.key; one, a List or several
            documents. Several files with commas, or repeated.
    """
    streams.refuse_folder()
    documents = read_sealed_secrets(*read_input(streams.secret_file))
    keys = load_keys(recovery_private_key) if recovery_private_key else await _kept(service, common)
    placed = [_placed(document, common) for document in documents]
    found, problems = open_all(placed, Keyset(keys))
    text = written(found, streams.style(common))
    if found and streams.sealed_secret_file:
        write_file(Path(streams.sealed_secret_file), text.encode(), mode=PRIVATE)
    elif found:
        write_data(text)
    for problem in problems:
        note(problem.diagnostics())
    codes = {exit_of_error(problem) for problem in problems} or {Exit.DONE}
    return codes.pop() if len(codes) == 1 else Exit.FAILED


async def _kept(service: Service, common: Common) -> list[SealingKey]:
    """Return the keys that a cluster keeps, those in use first."""
    # Only here: with key files nothing is contacted.
    from keyfleet.cli.sealing.several import chosen_client
    from keyfleet.engine.sealing.keylisting import list_key_secrets
    from keyfleet.engine.sealing.keysecrets import by_age

    namespace = service.controller_namespace
    async with chosen_client(common) as client:
        found = await list_key_secrets(client, namespace)
    for name, error in found.broken:
        note(f"Warning: {name}: {error}")
    active = by_age(found.found)
    keys = [*active, *(each for each in found.found if not each.is_active)]
    if not keys:
        hint = "--controller-namespace names theirs; --recovery-private-key takes them from files"
        raise DeniedError("sealing.no_keys", "the cluster keeps no sealing keys", namespace, hint)
    return [each.key for each in keys]


def _placed(document: Document, common: Common) -> Document:
    """Return a SealedSecret in the namespace that was asked for, where it says none."""
    metadata: dict[str, Any] = dict(document.get("metadata") or {})
    asked = namespace_of(common).asked
    if metadata.get("namespace") or not asked:
        return document
    return {**document, "metadata": {**metadata, "namespace": asked}}
