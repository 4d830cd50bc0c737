# SPDX-License-Identifier: Apache-2.0
"""Log in by what an exec plugin prints, and run it again before that expires.

One run at a time, whoever asks; a run that failed answers everybody for 5 s, so a broken plugin is
not started once per request. A credential that is due but still holds is presented meanwhile, also
when its renewal fails. A run belongs to no request: one that gives up does not take it along.

| credential | is renewed |
|---|---|
| with an expiry | after 80 % of its life or 60 s before the end, whichever is earlier |
| with one under 120 s ahead | after half its life |
| without | after a 401 |

Source: docs/compat/fleet.md, 1.1.4, "Caching and refresh" and "Keyfleet improvements".
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyfleet.base.errors import KeyfleetError, NotReadyError
from keyfleet.base.log import get_logger
from keyfleet.base.tasks import spawn
from keyfleet.kube.access import ClientCertificate
from keyfleet.kube.auth.exec_answer import ExecLogin, login_from_output
from keyfleet.kube.auth.exec_config import ExecConfig
from keyfleet.kube.auth.exec_process import TIMEOUT_S, run_plugin
from keyfleet.kube.auth.header import bearer
from keyfleet.kube.auth.surroundings import Surroundings

RUN_EVERY_S = 5.0
"""Least seconds between the end of a run and the next one."""
SHORT_LIFE = timedelta(seconds=120)
EARLY = timedelta(seconds=60)

_log = get_logger("kube")


@dataclass(frozen=True, slots=True)
class _Held:
    login: ExecLogin
    due: datetime | None

    def is_due(self, now: datetime) -> bool:
        return self.due is not None and now >= self.due

    def holds(self, now: datetime) -> bool:
        return self.login.expires is None or now < self.login.expires


class ExecPlugin:
    """Present a plugin's token, certificate or both."""

    def __init__(
        self, config: ExecConfig, surroundings: Surroundings, *, timeout_s: float = TIMEOUT_S
    ) -> None:
        """Remember what to run; nothing runs before the first request."""
        self._config = config
        self._surroundings = surroundings
        self._clock = surroundings.clock
        self._timeout_s = timeout_s
        self._held: _Held | None = None
        self._failure: KeyfleetError | None = None
        self._ended_at: float | None = None
        self._run: asyncio.Task[None] | None = None

    async def headers(self) -> Mapping[str, str]:
        """Return the bearer header when the plugin gave a token.

        Raises:
            UnreachableError: The plugin failed and nothing valid is held.
            InvalidInputError: It must ask a person and cannot.
        """
        token = (await self._login()).token
        return bearer(token) if token else {}

    async def certificate(self) -> ClientCertificate | None:
        """Return the plugin's certificate, if it gave one; raises what `headers` raises."""
        return (await self._login()).certificate

    async def rejected(self) -> bool:
        """Run the plugin once more; True when it gave another credential than the refused one."""
        if self._held and self._ran_just_now():
            # Another request has replaced the credential already.
            return True
        refused = self._drop()
        await self._renew()
        return self._held is not None and _differs(self._held.login, refused)

    def _drop(self) -> ExecLogin | None:
        held, self._held = self._held, None
        return held.login if held else None

    async def _login(self) -> ExecLogin:
        now = self._clock.now()
        if self._held and self._held.holds(now):
            if self._held.is_due(now):
                self._start()
            return self._held.login
        await self._renew()
        if self._held and (self._held.holds(now) or self._failure is None):
            return self._held.login
        raise self._failure or self._unanswered()

    async def _renew(self) -> None:
        run = self._start()
        if run is not None:
            # The run goes on for the others when this request is cancelled.
            await asyncio.shield(run)

    def _start(self) -> asyncio.Task[None] | None:
        """Return the run under way or a new one; None when the last ended just now."""
        if self._run is not None and not self._run.done():
            return self._run
        if self._ran_just_now():
            return None
        self._run = spawn(self._run_once(), name=f"exec plugin {self._config.place}")
        return self._run

    def _ran_just_now(self) -> bool:
        ended = self._ended_at
        return ended is not None and self._clock.monotonic() - ended < RUN_EVERY_S

    async def _run_once(self) -> None:
        try:
            output = await run_plugin(self._config, self._surroundings, timeout_s=self._timeout_s)
            login = login_from_output(output, self._config)
        except KeyfleetError as error:
            self._failure = error
            _log.warning("kube.login_plugin_failed", code=error.code, subject=error.subject)
        else:
            self._failure = None
            self._held = _Held(login, _due(self._clock.now(), login.expires))
        self._ended_at = self._clock.monotonic()

    def _unanswered(self) -> KeyfleetError:
        return NotReadyError(
            "login.plugin_pending", "the login plugin has not answered yet", self._config.place
        )


def _due(now: datetime, expires: datetime | None) -> datetime | None:
    """Return when to renew a credential obtained `now`."""
    if expires is None:
        return None
    life = expires - now
    if life < SHORT_LIFE:
        return now + life / 2
    return min(now + life * 0.8, expires - EARLY)


def _differs(login: ExecLogin, other: ExecLogin | None) -> bool:
    if other is None:
        return True
    return (login.token, login.certificate) != (other.token, other.certificate)
