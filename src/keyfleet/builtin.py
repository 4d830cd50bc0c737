# SPDX-License-Identifier: Apache-2.0
"""What is shipped: dialects, sources, providers and generators. `app` chooses inventories."""

from keyfleet.dialects import annotated, eso, native, sealedsecrets
from keyfleet.plugin import Dialect, Source
from keyfleet.plugin.stores import Provider
from keyfleet.sources import aws, fake, kubernetes, remotecluster, sealed, vault
from keyfleet.sources import generators as makers


def dialects(domain: str, *, writes_sealed_status: bool = True) -> tuple[Dialect, ...]:
    """Return every shipped dialect.

    Args:
        domain: Of annotations.
        writes_sealed_status: Whether SealedSecrets get a status.
    """
    return (
        native.DIALECT,
        annotated.dialect(domain),
        eso.DIALECT,
        sealedsecrets.dialect(writes_status=writes_sealed_status),
    )


def sources(*, takes_whole: bool = True) -> dict[str, Source]:
    """Return every shipped source by name.

    Args:
        takes_whole: Whether complete Secrets are opened that were sealed as one text.
    """
    shipped: tuple[Source, ...] = (kubernetes.SOURCE, sealed.SealedSource(takes_whole))
    return {source.name: source for source in shipped}


def providers() -> dict[str, Provider]:
    """Return every shipped provider of stores by the key under `spec.provider`."""
    shipped: tuple[Provider, ...] = (
        aws.PROVIDER,
        fake.PROVIDER,
        remotecluster.PROVIDER,
        vault.OPENBAO,
        vault.PROVIDER,
    )
    return {provider.name: provider for provider in shipped}


def generators() -> dict[str, Provider]:
    """Return every shipped generator by kind."""
    elsewhere = {"vaultDynamicSecretSpec": vault.GENERATOR}
    return {provider.name: provider for provider in makers.providers(elsewhere)}
