# SPDX-License-Identifier: Apache-2.0
"""`keyfleet seal`: kubeseal's flags and behaviour, for one cluster or many.

What contacts clusters is imported where it is needed: with a certificate in a file nothing is, and
sealing then begins at once.

Source: compat/sealed-secrets.md 4.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import InvalidInputError, one_line
from keyfleet.base.sealing import Keyset, SealingCertificate
from keyfleet.cli import stdin
from keyfleet.cli.exits import Exit, exit_of_error
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.sealing.certificates.certificates import load_source, read_source, require_usable
from keyfleet.cli.sealing.certificates.service import ServiceName
from keyfleet.cli.sealing.files.documents import Style, style_of, written
from keyfleet.cli.sealing.files.plain import PlainSecret, read_plain_secrets
from keyfleet.cli.sealing.files.writing import PRIVATE, PUBLIC, Change, write_all, write_file
from keyfleet.cli.sealing.keyring.keyfiles import load_keys
from keyfleet.cli.sealing.keyring.ring import narrowed
from keyfleet.cli.sealing.modes import (
    merge,
    open_all,
    raw_label,
    raw_value,
    read_input,
    resealed,
    unopened,
)
from keyfleet.cli.sealing.opening import read_sealed_secrets
from keyfleet.cli.sealing.options.flags import (
    Fleet,
    Sealing,
    Service,
    Streams,
    namespace_of,
    refuse_together,
)
from keyfleet.cli.sealing.sealing import Wishes, sealed_secret, settled
from keyfleet.cli.terminal import note, write_data

if TYPE_CHECKING:
    from keyfleet.cli.sealing.certificates.controller import Controller

NO_SEALING, NO_STREAMS, NO_FLEET, NO_SERVICE = Sealing(), Streams(), Fleet(), Service()


async def seal(
    *,
    flags: Sealing = NO_SEALING,
    streams: Streams = NO_STREAMS,
    service: Service = NO_SERVICE,
    fleet: Fleet = NO_FLEET,
    common: Common = NO_OPTIONS,
) -> Exit:
    """Seal Secrets, as kubeseal does and with its flags; for many clusters at once.

    For example `keyfleet seal --cert cert.pem -o yaml < secret.yaml > sealed.yaml`. With --clusters
    or -c each Secret is sealed for each cluster's own key, as one stream in which the annotation
    keyfleet.io/sealed-for names the cluster, or with --into as files of a Git tree. There, a file
    that exists is compared where its cluster's keys may be read, and left alone elsewhere (exit
    code 6) without --force or --keep. Each flag of kubeseal has a variable SEALED_SECRETS_...
    Exit code 1: --validate found one that does not open; 3: a cluster failed, the others are
    written.
    """
    if flags.from_file and not flags.raw:
        raise InvalidInputError("cli.usage", "--from-file requires --raw")
    streams.refuse_folder()
    common = narrowed(common, fleet.clusters)
    refuse_together(cert=flags.cert, cert_dir=fleet.cert_dir)
    refuse_together(force=fleet.force, keep=fleet.keep)
    command = _Seal(flags, streams, service.service, fleet, common)
    if flags.recovery_private_key and not flags.recovery_unseal and stdin.is_terminal():
        note("Warning: --recovery-private-key does nothing without --recovery-unseal")
    return await command.run()


class _Seal:
    """One run of the command."""

    def __init__(
        self, flags: Sealing, streams: Streams, service: ServiceName, fleet: Fleet, common: Common
    ) -> None:
        self._flags = flags
        self._streams = streams
        self._service = service
        self._fleet = fleet
        self._common = common
        self._namespace = namespace_of(common, is_bare=flags.raw)
        self._now = SystemClock().now()

    async def run(self) -> Exit:
        """Do what the first flag asks, in kubeseal's order."""
        flags = self._flags
        if flags.recovery_unseal:
            return self._recover()
        if flags.validate:
            return await self._validate()
        if flags.re_encrypt:
            return await self._re_encrypt()
        if flags.fetch_cert:
            self._put((await self._fetched()).decode("utf-8", "replace"))
        elif flags.merge_into:
            await self._merge()
        elif flags.raw:
            await self._seal_value()
        elif self._is_for_several:
            return await self._seal_for_each()
        else:
            await self._seal_stream()
        return Exit.DONE

    def _recover(self) -> Exit:
        keys = Keyset(load_keys(self._flags.recovery_private_key))
        documents = read_sealed_secrets(*read_input(self._streams.secret_file))
        found, problems = open_all(documents, keys)
        for problem in problems:
            note(problem.diagnostics())
        if problems:
            return exit_of_error(problems[0])
        self._put(written(found, self._style()), mode=PRIVATE)
        return Exit.DONE

    async def _validate(self) -> Exit:
        documents = read_sealed_secrets(*read_input(self._streams.secret_file))
        async with self._controller() as controller:
            names = await unopened(controller, documents)
        for name in names:
            note(f"Error: unable to decrypt sealed secret: {one_line(name)}")
        return Exit.FINDINGS if names else Exit.DONE

    async def _re_encrypt(self) -> Exit:
        raw, subject = read_input(self._streams.secret_file)
        async with self._controller() as controller:
            found = await resealed(controller, read_sealed_secrets(raw, subject))
        file = self._streams.secret_file
        if file and not self._streams.sealed_secret_file:
            text = written(found, self._style(style_of(raw)))
            write_all([Change(Path(file), text.encode(), raw)])
        else:
            self._put(written(found, self._style()))
        return Exit.DONE

    async def _fetched(self) -> bytes:
        # As it is given: kubeseal does not look into it either.
        if self._flags.cert:
            return await read_source(self._flags.cert)
        return (await self._any_certificate()).pem

    async def _merge(self) -> None:
        path = Path(self._flags.merge_into)
        made, before = merge(self._flags, self._streams, await self._certificate(), self._namespace)
        text = written([made], self._style(style_of(before)))
        write_all([Change(path, text.encode(), before)])

    async def _seal_value(self) -> None:
        label = raw_label(self._flags, self._namespace)
        value = raw_value(self._flags, self._streams.secret_file)
        self._put((await self._certificate()).seal(value, label))

    async def _seal_stream(self) -> None:
        secrets = self._secrets()
        certificate = await self._certificate()
        made = [sealed_secret(secret, certificate) for secret in secrets]
        self._put(written(made, self._style()))

    async def _seal_for_each(self) -> Exit:
        if self._flags.cert:
            hint = "--cert-dir DIR holds one certificate for each cluster"
            raise InvalidInputError("cli.usage", "--cert is for one cluster", hint=hint)
        from keyfleet.cli.sealing.several import chosen_recipients, seal_for_each

        secrets = self._secrets()
        recipients = await chosen_recipients(self._fleet, self._common, self._service)
        checked = [each.checked(self._now) for each in recipients]
        made, code = seal_for_each(self._fleet, checked, secrets)
        if made:
            self._put(written(made, self._style()))
        return code

    def _secrets(self) -> list[PlainSecret]:
        flags = self._flags
        wishes = Wishes(
            self._namespace, flags.name, flags.scope_asked, allows_empty=flags.allow_empty_data
        )
        found = read_plain_secrets(*read_input(self._streams.secret_file))
        return [settled(secret, wishes) for secret in found]

    async def _certificate(self) -> SealingCertificate:
        """Return a certificate that may be sealed with."""
        found = await self._any_certificate()
        require_usable(found, self._now, self._flags.cert or "of the cluster")
        return found

    async def _any_certificate(self) -> SealingCertificate:
        if self._flags.cert:
            return await load_source(self._flags.cert)
        if self._is_for_several:
            from keyfleet.cli.sealing.several import chosen_recipients

            recipients = await chosen_recipients(self._fleet, self._common, self._service)
            if len(recipients) != 1:
                names = ", ".join(each.cluster for each in recipients)
                hint = "this seals for one cluster: -c NAME"
                raise InvalidInputError("cli.usage", "which cluster?", names, hint)
            return recipients[0].required()
        from keyfleet.cli.hub import open_hub
        from keyfleet.cli.sealing.certificates.fleet import certificate_of

        async with open_hub(self._common) as hub:
            return await certificate_of(hub.client, self._service)

    @property
    def _is_for_several(self) -> bool:
        chosen = self._common.cluster or self._common.cluster_selector
        return bool(chosen or self._fleet.cert_dir or self._fleet.into)

    @asynccontextmanager
    async def _controller(self) -> AsyncIterator["Controller"]:
        from keyfleet.cli.sealing.certificates.controller import Controller
        from keyfleet.cli.sealing.several import chosen_client

        async with chosen_client(self._common) as client:
            yield Controller(client, self._service)

    def _style(self, otherwise: Style = Style.JSON) -> Style:
        return self._streams.style(self._common, otherwise)

    def _put(self, text: str, *, mode: int = PUBLIC) -> None:
        if self._streams.sealed_secret_file:
            write_file(Path(self._streams.sealed_secret_file), text.encode(), mode=mode)
        else:
            write_data(text)
