# SPDX-License-Identifier: Apache-2.0
"""What an API server asks about every reference of a FleetSecret, in CEL.

It is the requester's own right to `get` what is referred to. One validation asks about one
reference: a question to the authorizer costs so much that a loop over many exceeds what one
expression may cost, and an expression that does is refused.
"""

from typing import Any

from keyfleet.kube.resources import GROUP
from keyfleet.model.v1alpha1.fleetsecret import SOURCES_MAX
from keyfleet.model.v1alpha1.templates import TEMPLATES_MAX

REFERENCES_MAX = SOURCES_MAX + TEMPLATES_MAX

_SPEC = "dyn(object).spec"
_TEMPLATES = f"({_SPEC}.?template.?templateFrom.orValue([]))"


def reference_variables() -> dict[str, str]:
    """Return the variable `refs`: path, resource, namespace, name and cluster of each."""
    single = _reference("spec.source.secretRef", "secrets", f"{_SPEC}.source.secretRef")
    several = _reference("spec.sources[].secretRef", "secrets", "s.secretRef")
    path = "spec.template.templateFrom[]"
    secrets = _reference(f"{path}.secretRef", "secrets", "t.secretRef")
    config_maps = _reference(f"{path}.configMapRef", "configmaps", "t.configMapRef")
    parts = (
        f"(has({_SPEC}.source) ? [{single}] : [])",
        f"{_SPEC}.?sources.orValue([]).map(s, {several})",
        f"{_TEMPLATES}.filter(t, has(t.secretRef)).map(t, {secrets})",
        f"{_TEMPLATES}.filter(t, has(t.configMapRef)).map(t, {config_maps})",
    )
    return {"refs": " + ".join(parts)}


def reference_validations() -> list[dict[str, Any]]:
    """Return one validation for each reference that there may be, and one for their number."""
    number = {
        "expression": f"size(variables.refs) <= {REFERENCES_MAX}",
        "message": f"a FleetSecret refers to at most {REFERENCES_MAX} objects",
        "reason": "Invalid",
    }
    return [number, *map(_validation, range(REFERENCES_MAX))]


def _reference(path: str, resource: str, ref: str) -> str:
    own = "dyn(object).metadata.namespace"
    return (
        f"{{'path': dyn('{path}'), 'resource': dyn('{resource}'), 'name': dyn({ref}.name),"
        f" 'namespace': dyn(has({ref}.namespace) ? {ref}.namespace : {own}),"
        f" 'cluster': dyn(has({ref}.cluster) ? {ref}.cluster : '')}}"
    )


def _validation(index: int) -> dict[str, Any]:
    """Ask the requester's own rights on what one reference names.

    The hub's own names are not known to CEL, so a named cluster might be the hub. Whoever names one
    must therefore either be allowed to read the Secret of that namespace and name on the hub, or
    hold the verb `use` on that FleetCluster, which an administrator gives for members only.
    """
    ref = f"variables.refs[{index}]"
    readable = (
        f"authorizer.group('').resource({ref}.resource).namespace({ref}.namespace)"
        f".name({ref}.name).check('get').allowed()"
    )
    usable = (
        f"authorizer.group('{GROUP}').resource('fleetclusters').name({ref}.cluster)"
        ".check('use').allowed()"
    )
    kind = f"({ref}.resource == 'secrets' ? 'Secret' : 'ConfigMap')"
    return {
        "expression": (
            f"size(variables.refs) <= {index} || {readable} || ({ref}.cluster != '' && {usable})"
        ),
        "messageExpression": (
            f"{ref}.path + ': ' + request.userInfo.username + ' may not get ' + {kind}"
            f" + ' ' + {ref}.namespace + '/' + {ref}.name + ' on the hub'"
            f" + ({ref}.cluster != '' ? ', nor use FleetCluster ' + {ref}.cluster : '')"
            f" + '; a FleetSecret reads what its author may read: name another ' + {kind}"
            " + ', or be granted `get` on this one'"
        ),
        "reason": "Forbidden",
    }
