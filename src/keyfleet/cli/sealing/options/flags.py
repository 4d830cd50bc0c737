# SPDX-License-Identifier: Apache-2.0
"""The flags of `seal`: kubeseal's, with its variables of the environment, and those for a fleet.

Source: compat/sealed-secrets.md 4.1.
"""

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing import Scope, parse_scope
from keyfleet.cli.options import Common
from keyfleet.cli.sealing.certificates.service import KUBE_SYSTEM, ServiceName
from keyfleet.cli.sealing.files.documents import Style, parse_style
from keyfleet.cli.sealing.sealing import Namespace

PREFIX = "SEALED_SECRETS_"
"""Of the variables that stand in for kubeseal's flags."""

_FLEET = Group("Several clusters", sort_key=5)


def _variable(name: str) -> Parameter:
    return Parameter(env_var=f"{PREFIX}{name}", show_env_var=False)


Switch = Parameter(negative="")
Several = Parameter(consume_multiple=False, negative="")


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Service:
    """Where a cluster's controller answers."""

    controller_name: Annotated[str, _variable("CONTROLLER_NAME"), Parameter(metavar="NAME")] = (
        "sealed-secrets-controller"
    )
    """Service of the controller; default sealed-secrets-controller."""
    controller_namespace: Annotated[
        str, _variable("CONTROLLER_NAMESPACE"), Parameter(metavar="NAME")
    ] = KUBE_SYSTEM
    """Namespace of the controller and of the key Secrets; default kube-system."""

    @property
    def service(self) -> ServiceName:
        """The service."""
        return ServiceName(self.controller_namespace, self.controller_name)


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Streams:
    """Where manifests come from and go to."""

    secret_file: Annotated[
        str,
        _variable("SECRET_FILE"),
        Parameter(name=["--secret-file", "-f"], allow_leading_hyphen=True, metavar="FILE"),
    ] = ""
    """Read this file instead of standard input."""
    sealed_secret_file: Annotated[
        str,
        _variable("SEALED_SECRET_FILE"),
        Parameter(name=["--sealed-secret-file", "-w"], metavar="FILE"),
    ] = ""
    """Write this file, only if all went well; .yaml and .yml are written as YAML."""
    format: Annotated[str, _variable("FORMAT"), Parameter(metavar="FORMAT")] = ""
    """json or yaml, as -o; default json."""

    def refuse_folder(self) -> None:
        """Refuse a folder as the file to write, before anything is read.

        Raises:
            InvalidInputError: It is one.
        """
        if self.sealed_secret_file and Path(self.sealed_secret_file).is_dir():
            hint = "name a file"
            place = f"--sealed-secret-file: {self.sealed_secret_file}"
            raise InvalidInputError("cli.usage", "a folder cannot be written", place, hint)

    def style(self, common: Common, otherwise: Style = Style.JSON) -> Style:
        """Return how to write manifests.

        Raises:
            InvalidInputError: Neither as JSON nor as YAML.
        """
        if Path(self.sealed_secret_file).suffix in (".yaml", ".yml"):
            return Style.YAML
        text = common.output or self.format
        return parse_style(text) if text else otherwise


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Sealing:
    """What is sealed, and how."""

    cert: Annotated[str, _variable("CERT"), Parameter(metavar="FILE|URL")] = ""
    """Certificate: a file or an http, https or file URL; default: the controller's."""
    fetch_cert: Annotated[bool, Switch, _variable("FETCH_CERT")] = False
    """Print the certificate."""
    scope: Annotated[str, _variable("SCOPE"), Parameter(metavar="SCOPE")] = ""
    """strict, namespace-wide or cluster-wide; default: as the Secret's annotations say, else
    strict. Unlike with kubeseal, an explicit strict takes such annotations away."""
    name: Annotated[str, _variable("NAME"), Parameter(metavar="NAME")] = ""
    """Name of the Secret, instead of its own; needed by --raw with scope strict."""
    allow_empty_data: Annotated[bool, Switch, _variable("ALLOW_EMPTY_DATA")] = False
    """Accept a Secret without items."""
    raw: Annotated[bool, Switch, _variable("RAW")] = False
    """Seal one bare value, and print it alone."""
    from_file: Annotated[tuple[str, ...], Several, Parameter(metavar="FILE")] = ()
    """The value for --raw; else standard input."""
    merge_into: Annotated[str, _variable("MERGE_INTO"), Parameter(metavar="FILE")] = ""
    """Put the items into the SealedSecret of this file, with its name, namespace and scope."""
    validate: Annotated[bool, Switch, _variable("VALIDATE")] = False
    """Ask the controller whether it can open a SealedSecret."""
    re_encrypt: Annotated[
        bool, Switch, _variable("RE_ENCRYPT"), Parameter(name=["--re-encrypt", "--rotate"])
    ] = False
    """Have the controller seal a SealedSecret anew; --rotate is the same flag."""
    recovery_unseal: Annotated[bool, Switch, _variable("RECOVERY_UNSEAL")] = False
    """Open a SealedSecret with private keys at hand, as `keyfleet unseal` does."""
    recovery_private_key: Annotated[
        tuple[str, ...], Several, _variable("RECOVERY_PRIVATE_KEY"), Parameter(metavar="FILE")
    ] = ()
    """Private keys for --recovery-unseal; several with commas, or repeated."""

    @property
    def scope_asked(self) -> Scope | None:
        """The scope that was asked for.

        Raises:
            InvalidInputError: There is none of this name.
        """
        return parse_scope(self.scope) if self.scope else None


@Parameter(name="*", group=_FLEET)
@dataclass(frozen=True, slots=True)
class Fleet:
    """One plaintext in, one SealedSecret per cluster out."""

    clusters: Annotated[str, Parameter(metavar="SELECTOR")] = ""
    """Seal for each of these: names (a,b; * and ? are wildcards) or labels (env=production)."""
    cert_dir: Annotated[Path | None, Parameter(metavar="DIR")] = None
    """Certificates as `keyfleet cert --into DIR` writes them; default: ask the clusters."""
    into: Annotated[Path | None, Parameter(metavar="DIR")] = None
    """Write DIR/clusters/CLUSTER/MODULE/NAME.yml and list it in its kustomization, as YAML."""
    module: Annotated[str, Parameter(metavar="NAME")] = ""
    """Folder for --into; default: the Secret's namespace."""
    force: Annotated[bool, Switch] = False
    """With --into: seal files anew that exist."""
    keep: Annotated[bool, Switch] = False
    """With --into: leave files that exist, whatever they hold."""


def namespace_of(common: Common, *, is_bare: bool = False) -> Namespace:
    """Return the namespace for Secrets that say none: -n, else the context's, else `default`.

    Args:
        common: The flags.
        is_bare: It is for a value without a manifest, which could say it.
    """
    asked = common.namespace or os.environ.get(f"{PREFIX}NAMESPACE", "")
    return Namespace(asked, partial(_context_namespace, common, is_bare=is_bare))


def _context_namespace(common: Common, *, is_bare: bool) -> str:
    # Only here: whoever seals for a certificate in a file need not wait for what logs in.
    from keyfleet.cli.hub import login

    kubeconfig, _ = login(common)
    if kubeconfig.is_empty:
        hint = "give --namespace" if is_bare else "give metadata.namespace, or --namespace"
        raise InvalidInputError("sealing.no_namespace", "no namespace is given", hint=hint)
    context = kubeconfig.contexts.get(common.context or kubeconfig.current)
    return (context.namespace if context else "") or "default"


def refuse_together(**given: object) -> None:
    """Refuse flags that exclude each other.

    Raises:
        InvalidInputError: More than one is given.
    """
    names = [f"--{name.replace('_', '-')}" for name, value in given.items() if value]
    if len(names) > 1:
        raise InvalidInputError(
            "cli.usage", "these flags exclude each other", " and ".join(names), "leave one out"
        )
