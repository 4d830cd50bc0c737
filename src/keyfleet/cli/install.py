# SPDX-License-Identifier: Apache-2.0
"""`keyfleet install`."""

from collections import Counter
from datetime import timedelta
from typing import Annotated

from cyclopts import Parameter

from keyfleet.cli.duration import Duration
from keyfleet.cli.hub import installed_domain, open_hub
from keyfleet.cli.installing import Applied, install_hub, wait_until_ready
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import Answer, show
from keyfleet.cli.tables import Column
from keyfleet.cli.terminal import note, write_data
from keyfleet.manifests.everything import DEFAULT_DOMAIN, everything

_COLUMNS = (Column("CHANGE"), Column("KIND"), Column("NAME"))


async def install(
    *,
    annotation_domain: Annotated[str, Parameter(metavar="DOMAIN")] = "",
    print_: Annotated[bool, Parameter(name="--print", negative="")] = False,
    wait: bool = True,
    timeout: Duration = timedelta(minutes=2),  # noqa: ASYNC109 - a flag
    common: Common = NO_OPTIONS,
) -> None:
    """Make a cluster the hub: namespace keyfleet-system, CRDs, admission policies, one key.

    May be repeated: what is there already stays. Members need nothing.

    Args:
        annotation_domain: Domain of the annotations that mark plain Secrets, such as
            sync.example.com; default: as installed, else keyfleet.io.
        print_: Print the manifests and send nothing.
        wait: Return when the kinds are served and the policies are in force.
        timeout: How long to wait; default 2m.
    """
    if print_:
        _print(annotation_domain or DEFAULT_DOMAIN)
        return
    async with open_hub(common) as hub:
        domain = annotation_domain or await installed_domain(hub)
        applied = await install_hub(hub.client, hub.clock, domain)
        if wait:
            await wait_until_ready(hub.client, hub.clock, within=timeout, tell=note)
    show(install_answer(applied), common)


def _print(domain: str) -> None:
    from keyfleet.base.codec import encode_yaml

    write_data("---\n".join(encode_yaml(document) for document in everything(domain)))


def install_answer(applied: list[Applied]) -> Answer:
    """Return what changed in every format."""
    counts = Counter(item.change for item in applied)
    return Answer(
        columns=_COLUMNS,
        rows=[(item.change, item.resource.kind, item.name) for item in applied],
        document={"items": [_document(item) for item in applied]},
        names=[item.label for item in applied],
        summary=", ".join(f"{count} {change}" for change, count in sorted(counts.items())),
    )


def _document(item: Applied) -> dict[str, str]:
    place = {"namespace": item.namespace} if item.namespace else {}
    kind = {"apiVersion": item.resource.api_version, "kind": item.resource.kind}
    return {**kind, **place, "name": item.name, "change": item.change.value}
