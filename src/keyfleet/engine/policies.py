# SPDX-License-Identifier: Apache-2.0
"""FleetPolicy documents as the policies that checks read."""

from collections.abc import Iterable, Mapping
from typing import Any

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.log import get_logger
from keyfleet.kube.objects import metadata_of
from keyfleet.model.policy import Grant, Policies
from keyfleet.model.v1alpha1.fleetpolicy import FleetPolicySpec
from keyfleet.model.v1alpha1.grants import policy_grants
from keyfleet.model.v1alpha1.parsing import parse_spec

log = get_logger("engine")


def policies_from(documents: Iterable[Mapping[str, Any]], *, is_complete: bool) -> Policies:
    """Return what the documents grant together; one that cannot be read grants nothing."""
    grants: list[Grant] = []
    for document in documents:
        name = metadata_of(document).name
        try:
            grants += policy_grants(name, parse_spec(FleetPolicySpec, document, subject=name))
        except InvalidInputError as error:
            log.warning("engine.policy_refused", policy=name, code=error.code, path=error.path)
    return Policies(tuple(grants), is_complete=is_complete)
