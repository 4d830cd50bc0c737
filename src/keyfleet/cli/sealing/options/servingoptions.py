# SPDX-License-Identifier: Apache-2.0
"""Flags of `run` that say which SealedSecrets are ours, and what is written on them.

Source: compat/sealed-secrets.md 2.3, 3.3, 3.6.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from cyclopts import Group, Parameter

from keyfleet.base.errors import InvalidInputError
from keyfleet.model.selectors import Selector, parse_selector

SELECTOR: Final = "KEYFLEET_SEALED_SECRETS_LABEL_SELECTOR"
"""Stands in for `run --sealed-secrets-label-selector`, for every command."""
UPDATE_STATUS: Final = "KEYFLEET_SEALED_SECRETS_UPDATE_STATUS"
"""Stands in for `run --no-sealed-secrets-update-status`, for every command."""

_FLAG = "--sealed-secrets-label-selector"


@Parameter(name="*", group=Group("SealedSecrets", sort_key=4))
@dataclass(frozen=True, slots=True)
class ServingOptions:
    """Which SealedSecrets are served, and how."""

    label_selector: Annotated[str, Parameter(name=_FLAG, metavar="SELECTOR", env_var=SELECTOR)] = ""
    """The only SealedSecrets that are ours, by their labels, such as tool=keyfleet or !legacy;
    default: all. One that loses its label is left as it is, with its Secret."""
    update_status: Annotated[
        bool,
        Parameter(
            name="--sealed-secrets-update-status",
            negative="--no-sealed-secrets-update-status",
            env_var=UPDATE_STATUS,
        ),
    ] = True
    """Write the status of SealedSecrets; default: yes. Events are told either way."""

    @property
    def selector(self) -> Selector | None:
        """Which are ours; None: all.

        Raises:
            InvalidInputError: `cli.usage`: it is no selector.
        """
        return selector_of(self.label_selector)


NO_SERVING_OPTIONS = ServingOptions()


def writes_sealed_status(environ: Mapping[str, str] = os.environ) -> bool:
    """Tell whether the controller writes the status of SealedSecrets, as the environment says."""
    return environ.get(UPDATE_STATUS, "").lower() not in ("false", "0", "no", "n", "f")


def selector_of(text: str) -> Selector | None:
    """Return what labels are to say; None: anything.

    Raises:
        InvalidInputError: `cli.usage`: it is no selector.
    """
    try:
        found = parse_selector(text.strip())
    except ValueError:
        found = None
    if found is None:
        hint = "write it as for kubectl: tool=keyfleet, tier in (a,b), !legacy"
        raise InvalidInputError("cli.usage", "not a label selector", _FLAG, hint)
    return None if found.is_empty else found
