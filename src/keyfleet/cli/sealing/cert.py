# SPDX-License-Identifier: Apache-2.0
"""`keyfleet cert`."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from keyfleet.base.clock import SystemClock, timestamp
from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.exits import Exit
from keyfleet.cli.hub import open_hub
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import Answer, show
from keyfleet.cli.sealing.certificates.certificates import describe, ends_soon
from keyfleet.cli.sealing.certificates.comparing import compared
from keyfleet.cli.sealing.certificates.fleet import ENDING, Recipient, certificate_of, read_fleet
from keyfleet.cli.sealing.certificates.service import ServiceName
from keyfleet.cli.sealing.files.layout import safe_name
from keyfleet.cli.sealing.files.writing import write_file
from keyfleet.cli.sealing.keyring.ring import narrowed
from keyfleet.cli.sealing.options.flags import Service, Switch
from keyfleet.cli.terminal import note, write_data

NO_SERVICE = Service()


async def cert(
    *,
    clusters: Annotated[str, Parameter(metavar="SELECTOR")] = "",
    into: Annotated[Path | None, Parameter(metavar="DIR")] = None,
    check: Annotated[bool, Switch] = False,
    service: Service = NO_SERVICE,
    common: Common = NO_OPTIONS,
) -> Exit:
    """Fetch the certificates that values are sealed with; they are no secret and belong into Git.

    Prints that of the current context, or of the cluster that -c names; --into writes one file for
    each cluster of the fleet. Fingerprints and ends go to standard error. Exit code 1: --check
    found a difference, or a certificate that has expired; 3: a cluster failed, the others are
    written.

    Args:
        clusters: Only these: names (a,b; * and ? are wildcards) or labels (env=production).
        into: Folder for files CLUSTER.pem.
        check: Write nothing: compare the folder of --into with the fleet.
    """
    if check and into is None:
        raise InvalidInputError("cli.usage", "--check compares the folder of --into DIR")
    common = narrowed(common, clusters)
    now = SystemClock().now()
    is_chosen = bool(common.cluster or common.cluster_selector)
    found = (
        await read_fleet(common, service.service)
        if is_chosen or into
        else [await _of_context(common, service.service)]
    )
    if into is None:
        return _print(found, now, common)
    if check:
        return _check(found, into, now, common, is_whole=not is_chosen)
    for recipient in found:
        _write(recipient, into)
    _tell(found, now, common)
    return _failed(found)


async def _of_context(common: Common, service: ServiceName) -> Recipient:
    async with open_hub(common) as hub:
        return Recipient(hub.client.cluster, await certificate_of(hub.client, service))


def _print(found: Sequence[Recipient], now: datetime, common: Common) -> Exit:
    if len(found) != 1:
        names = ", ".join(each.cluster for each in found)
        hint = "--into DIR writes one file for each cluster"
        raise InvalidInputError("cli.usage", "which cluster?", names, hint)
    certificate = found[0].required()
    if not common.is_machine_readable:
        write_data(certificate.pem.decode())
    _tell(found, now, common)
    return Exit.DONE


def _check(
    found: Sequence[Recipient], folder: Path, now: datetime, common: Common, *, is_whole: bool
) -> Exit:
    differences = compared(found, folder, now, is_whole=is_whole)
    if common.is_machine_readable:
        names = [each.cluster for each in differences]
        _show([each.document() for each in differences], names, common)
    for each in differences:
        note(f"{each.cluster}: {each.message}")
    if any(each.certificate is None for each in found):
        _complain(found)
        return Exit.FAILED
    return Exit.FINDINGS if differences else Exit.DONE


def _write(recipient: Recipient, folder: Path) -> None:
    if recipient.certificate is None:
        return
    path = folder / f"{safe_name(recipient.cluster)}{ENDING}"
    if not path.is_file() or path.read_bytes() != recipient.certificate.pem:
        write_file(path, recipient.certificate.pem)


def _tell(found: Sequence[Recipient], now: datetime, common: Common) -> None:
    _complain(found)
    if common.is_machine_readable:
        _show([_document(each, now) for each in found], [each.cluster for each in found], common)
        return
    for each in found:
        if each.certificate is not None:
            note(f"{each.cluster}: {describe(each.certificate, now)}")


def _complain(found: Sequence[Recipient]) -> None:
    for each in found:
        if each.problem is not None:
            note(f"{each.cluster}: {each.problem.diagnostics()}")


def _failed(found: Sequence[Recipient]) -> Exit:
    return Exit.FAILED if any(each.certificate is None for each in found) else Exit.DONE


def _show(documents: Sequence[Any], names: Sequence[str], common: Common) -> None:
    show(Answer((), (), list(documents), names), common)


def _document(recipient: Recipient, now: datetime) -> dict[str, Any]:
    certificate = recipient.certificate
    if certificate is None:
        code = recipient.problem.code if recipient.problem else ""
        return {"cluster": recipient.cluster, "problem": code}
    return {
        "cluster": recipient.cluster,
        "fingerprint": certificate.fingerprint,
        "notAfter": timestamp(certificate.not_after),
        "expired": certificate.is_expired(now),
        "endsSoon": ends_soon(certificate, now),
        "certificate": certificate.pem.decode(),
    }
