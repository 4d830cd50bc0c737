# SPDX-License-Identifier: Apache-2.0
"""`keyfleet run`: the controller."""

import os
from enum import StrEnum
from typing import Annotated

from cyclopts import Parameter

from keyfleet.app import Settings, run_until_stopped
from keyfleet.cli.claimoptions import NO_CLAIM_OPTIONS, ClaimOptions, claims_of
from keyfleet.cli.hub import installed_domain, open_hub
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.sealing.options.apioptions import NO_API_OPTIONS, ApiOptions
from keyfleet.cli.sealing.options.keyoptions import NO_KEY_OPTIONS, KeyOptions, settings_of
from keyfleet.cli.sealing.options.servingoptions import NO_SERVING_OPTIONS, ServingOptions
from keyfleet.observe.logs import LogFormat, configure_logging
from keyfleet.observe.process import collect_less_often, harden_process


class Members(StrEnum):
    """Which clusters belong to the fleet."""

    ALL = "all"
    DECLARED = "declared"


async def run(
    *,
    listen: Annotated[str, Parameter(metavar="ADDRESS")] = "127.0.0.1:8080",
    annotation_domain: Annotated[str, Parameter(metavar="DOMAIN")] = "",
    members: Members = Members.ALL,
    claims: ClaimOptions = NO_CLAIM_OPTIONS,
    api: ApiOptions = NO_API_OPTIONS,
    serving: ServingOptions = NO_SERVING_OPTIONS,
    keys: KeyOptions = NO_KEY_OPTIONS,
    common: Common = NO_OPTIONS,
) -> None:
    """Run the controller until SIGTERM or Ctrl-C.

    It watches the hub and every member and keeps them true. Several may run: one leads, the others
    stand by.

    Args:
        listen: Address for /metrics, /healthz and /readyz; default 127.0.0.1:8080.
        annotation_domain: Domain of the annotations that mark plain Secrets; default: as installed.
        members: `declared` enrols no cluster by itself: only FleetClusters that somebody wrote.
    """
    harden_process()
    collect_less_often()
    configure_logging(common.verbose + 1, log_format=LogFormat(common.log_format.value))
    settings = Settings(
        kubeconfigs=common.kubeconfig,
        context=common.context,
        listen=listen,
        members_declared=members is Members.DECLARED,
        claims=claims_of(claims, {"sealed-secrets": serving.selector}),
        sealing=settings_of(keys),
        writes_sealed_status=serving.update_status,
        sealing_listen=api.listen,
        sealing_rate=api.rate,
        environ=os.environ,
        # Last: a flag that is wrong is told before the hub is asked.
        annotation_domain=annotation_domain or await _installed_domain(common),
    )
    await run_until_stopped(settings)


async def _installed_domain(common: Common) -> str:
    async with open_hub(common) as hub:
        return await installed_domain(hub)
