# SPDX-License-Identifier: Apache-2.0
"""Flags of `run` that say which manifests of other tools are ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from keyfleet import builtin
from keyfleet.base.errors import InvalidInputError
from keyfleet.engine.declarations.claims import Claims
from keyfleet.manifests.everything import DEFAULT_DOMAIN
from keyfleet.model.selectors import Selector


def _flag(variable: str, metavar: str = "NAME,NAME") -> Parameter:
    return Parameter(metavar=metavar, env_var=f"KEYFLEET_{variable}")


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class ClaimOptions:
    """Which manifests of other tools are ours."""

    dialects: Annotated[str, _flag("DIALECTS")] = ""
    """Other tools' manifests to serve in every cluster that has their CRDs, whoever installed
    those: `eso`, `sealed-secrets`. Make sure that the other operator does not serve them, too.
    Where `keyfleet install --dialect` installed the CRDs they are served anyway: on the hub, and in
    members if the hub has them, too."""
    eso_namespaces: Annotated[str, _flag("ESO_NAMESPACES")] = ""
    """The only namespaces whose ExternalSecrets and SecretStores are ours; default: all."""
    eso_class: Annotated[str, _flag("ESO_CLASS", "NAME")] = "default"
    """What `spec.controller` of a store that is ours says; default: default, which stores without
    one mean."""
    sealed_secrets_namespaces: Annotated[str, _flag("SEALED_SECRETS_NAMESPACES")] = ""
    """The only namespaces whose SealedSecrets are ours; default: all."""


NO_CLAIM_OPTIONS = ClaimOptions()


def claims_of(options: ClaimOptions, labels: Mapping[str, Selector | None]) -> Claims:
    """Return which manifests of other tools are ours.

    Args:
        options: What the flags say.
        labels: Dialect -> what the labels of manifests that are ours say; None: anything.
    Raises:
        InvalidInputError: `cli.usage`: a dialect that there is not.
    """
    namespaces = {
        "eso": options.eso_namespaces,
        "sealed-secrets": options.sealed_secrets_namespaces,
    }
    chosen = {name: frozenset(names_in(text)) for name, text in namespaces.items()}
    selectors = {name: found for name, found in labels.items() if found is not None}
    return Claims(_known(options.dialects), chosen, selectors, options.eso_class or "default")


def _known(dialects: str) -> frozenset[str]:
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
    return wanted


def names_in(text: str) -> list[str]:
    """Return the names in a list with commas.

    >>> names_in("a, b,")
    ['a', 'b']
    """
    return [name.strip() for name in text.split(",") if name.strip()]
