# SPDX-License-Identifier: Apache-2.0
"""`keyfleet run`: the controller."""

import os
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from cyclopts import Parameter

from keyfleet import builtin
from keyfleet.app import Settings, run_until_stopped
from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.hub import installed_domain, open_hub
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.sealing.keyoptions import NO_KEY_OPTIONS, KeyOptions, settings_of
from keyfleet.cli.sealing.servingoptions import NO_SERVING_OPTIONS, ServingOptions
from keyfleet.engine.declarations.claims import Claims
from keyfleet.engine.sealing.api.rate import Rate
from keyfleet.manifests.everything import DEFAULT_DOMAIN
from keyfleet.model.selectors import Selector
from keyfleet.observe.logs import LogFormat, configure_logging
from keyfleet.observe.process import collect_less_often, harden_process

MIN_RATE, MAX_RATE = 0.001, 1_000_000


class Members(StrEnum):
    """Which clusters belong to the fleet."""

    ALL = "all"
    DECLARED = "declared"


async def run(  # noqa: PLR0913 - one parameter for each flag
    *,
    listen: Annotated[str, Parameter(metavar="ADDRESS")] = "127.0.0.1:8080",
    annotation_domain: Annotated[str, Parameter(metavar="DOMAIN")] = "",
    members: Members = Members.ALL,
    dialects: Annotated[str, Parameter(metavar="NAME,NAME", env_var="KEYFLEET_DIALECTS")] = "",
    eso_namespaces: Annotated[
        str, Parameter(metavar="NAME,NAME", env_var="KEYFLEET_ESO_NAMESPACES")
    ] = "",
    eso_class: Annotated[str, Parameter(metavar="NAME", env_var="KEYFLEET_ESO_CLASS")] = "default",
    sealed_secrets_namespaces: Annotated[
        str, Parameter(metavar="NAME,NAME", env_var="KEYFLEET_SEALED_SECRETS_NAMESPACES")
    ] = "",
    sealed_secrets_listen: Annotated[
        str, Parameter(metavar="ADDRESS", env_var="KEYFLEET_SEALED_SECRETS_LISTEN")
    ] = "",
    sealed_secrets_rate_limit: Annotated[
        float, Parameter(metavar="NUMBER", env_var="KEYFLEET_SEALED_SECRETS_RATE_LIMIT")
    ] = 2.0,
    sealed_secrets_rate_limit_burst: Annotated[
        int, Parameter(metavar="NUMBER", env_var="KEYFLEET_SEALED_SECRETS_RATE_LIMIT_BURST")
    ] = 2,
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
        dialects: Other tools' manifests to serve in every cluster that has their CRDs, whoever
            installed those: `eso`, `sealed-secrets`. Make sure that the other operator does not
            serve them, too. Where `keyfleet install --dialect` installed the CRDs they are served
            anyway: on the hub, and in members if the hub has them, too.
        eso_namespaces: The only namespaces whose ExternalSecrets and SecretStores are ours;
            default: all.
        eso_class: What `spec.controller` of a store that is ours says; default: default, which
            stores without one mean.
        sealed_secrets_namespaces: The only namespaces whose SealedSecrets are ours; default: all.
        sealed_secrets_listen: Address for the API that kubeseal asks: /v1/cert.pem, /v1/verify and
            /v1/rotate with the hub's keys, the same below /clusters/NAME; default: not served.
            Whoever reaches it may use it.
        sealed_secrets_rate_limit: How often a second one requester may verify, and rotate;
            default 2.
        sealed_secrets_rate_limit_burst: How many at once besides; default 2.
    """
    harden_process()
    collect_less_often()
    configure_logging(common.verbose + 1, log_format=LogFormat(common.log_format.value))
    namespaces = {"eso": eso_namespaces, "sealed-secrets": sealed_secrets_namespaces}
    labels = {"sealed-secrets": serving.selector}
    claims = claims_of(dialects, namespaces, eso_class, labels)
    settings = Settings(
        kubeconfigs=common.kubeconfig,
        context=common.context,
        listen=listen,
        members_declared=members is Members.DECLARED,
        claims=claims,
        sealing=settings_of(keys),
        writes_sealed_status=serving.update_status,
        sealing_listen=sealed_secrets_listen,
        sealing_rate=rate_of(sealed_secrets_rate_limit, sealed_secrets_rate_limit_burst),
        environ=os.environ,
        # Last: a flag that is wrong is told before the hub is asked.
        annotation_domain=annotation_domain or await _installed_domain(common),
    )
    await run_until_stopped(settings)


def claims_of(
    dialects: str,
    namespaces: Mapping[str, str],
    controller_class: str,
    labels: Mapping[str, Selector | None],
) -> Claims:
    """Return which manifests of other tools are ours.

    Args:
        dialects: Names with commas.
        namespaces: Dialect -> names with commas; none: all.
        controller_class: What stores that are ours call their controller.
        labels: Dialect -> what the labels of manifests that are ours say; None: anything.
    Raises:
        InvalidInputError: `cli.usage`: a dialect that there is not.
    """
    known = {
        dialect.name
        for dialect in builtin.dialects(DEFAULT_DOMAIN)
        if any(kind.is_foreign for kind in dialect.kinds)
    }
    wanted = frozenset(names_in(dialects))
    if unknown := wanted - known:
        raise InvalidInputError(
            "cli.usage",
            "no other tool's manifests are called so",
            f"--dialects {', '.join(sorted(unknown))}",
            hint=f"there are: {', '.join(sorted(known)) or 'none'}",
        )
    chosen = {name: frozenset(names_in(text)) for name, text in namespaces.items()}
    selectors = {name: found for name, found in labels.items() if found is not None}
    return Claims(wanted, chosen, selectors, controller_class or "default")


def rate_of(per_second: float, burst: int) -> Rate:
    """Return how often one requester may ask the sealing API.

    Raises:
        InvalidInputError: `cli.usage`: never, or endlessly often.
    """
    flag = "--sealed-secrets-rate-limit"
    if not MIN_RATE <= per_second <= MAX_RATE:
        raise InvalidInputError("cli.usage", f"must be from {MIN_RATE} to {MAX_RATE}", flag)
    if not 0 <= burst <= MAX_RATE:
        raise InvalidInputError("cli.usage", f"must be from 0 to {MAX_RATE}", f"{flag}-burst")
    return Rate(per_second, burst)


def names_in(text: str) -> list[str]:
    """Return the names in a list with commas.

    >>> names_in("a, b,")
    ['a', 'b']
    """
    return [name.strip() for name in text.split(",") if name.strip()]


async def _installed_domain(common: Common) -> str:
    async with open_hub(common) as hub:
        return await installed_domain(hub)
