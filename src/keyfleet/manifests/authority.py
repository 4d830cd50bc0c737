# SPDX-License-Identifier: Apache-2.0
"""What an API server asks about every reference of a FleetSecret, in CEL.

It is the requester's own right to `get` what is referred to; of a store, to `use` it, or to
`create` ExternalSecrets where it is, which would give them as much; of sealed values, to `get` the
Secret that they were sealed for, or to `create` SealedSecrets there. One validation asks about one
reference: a question to the authorizer costs so much that a loop over many exceeds what one
expression may cost, and an expression that does is refused.
"""

from typing import Any

from keyfleet.base.sealing import Scope
from keyfleet.kube.resources import GROUP, SEALEDSECRETS
from keyfleet.model.stores import CLUSTER_SECRET_STORE, SECRET_STORE
from keyfleet.model.v1alpha1.fleetsecret import SOURCES_MAX
from keyfleet.model.v1alpha1.templates import TEMPLATES_MAX

REFERENCES_MAX = SOURCES_MAX + TEMPLATES_MAX

_SPEC = "dyn(object).spec"
_OWN = "dyn(object).metadata.namespace"
_OWN_NAME = "dyn(object).metadata.name"
_STORES = "external-secrets.io"
_TEMPLATES = f"({_SPEC}.?template.?templateFrom.orValue([]))"


def reference_variables() -> dict[str, str]:
    """Return the variable `refs`: path and name of each, and what its author must be allowed."""
    path = "spec.template.templateFrom[]"
    source = f"{_SPEC}.?source.hasValue()"
    several = f"{_SPEC}.?sources.orValue([])"
    secret = _reference("spec.source.secretRef", "secrets", f"{_SPEC}.source.secretRef")
    store = _store("spec.source.storeRef", f"{_SPEC}.source.storeRef")
    secrets = _reference("spec.sources[].secretRef", "secrets", "s.secretRef")
    stores = _store("spec.sources[].storeRef", "s.storeRef")
    sealed = _sealed("spec.source.sealed", f"{_SPEC}.source.sealed")
    several_sealed = _sealed("spec.sources[].sealed", "s.sealed")
    texts = _reference(f"{path}.secretRef", "secrets", "t.secretRef")
    config_maps = _reference(f"{path}.configMapRef", "configmaps", "t.configMapRef")
    parts = (
        f"({source} && has({_SPEC}.source.secretRef) ? [{secret}] : [])",
        f"({source} && has({_SPEC}.source.storeRef) ? [{store}] : [])",
        f"({source} && has({_SPEC}.source.sealed) ? [{sealed}] : [])",
        f"{several}.filter(s, has(s.secretRef)).map(s, {secrets})",
        f"{several}.filter(s, has(s.storeRef)).map(s, {stores})",
        f"{several}.filter(s, has(s.sealed)).map(s, {several_sealed})",
        f"{_TEMPLATES}.filter(t, has(t.secretRef)).map(t, {texts})",
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
    kind = {"secrets": "Secret", "configmaps": "ConfigMap"}[resource]
    cluster = f"(has({ref}.cluster) ? {ref}.cluster : '')"
    return _question(
        path=f"'{path}'",
        kind=f"'{kind}'",
        name=f"{ref}.name",
        namespace=f"has({ref}.namespace) ? {ref}.namespace : {_OWN}",
        group="''",
        resource=f"'{resource}'",
        verb="'get'",
        # The hub's own names are not known to CEL, so a named cluster might be the hub. Whoever
        # names one must therefore either be allowed to read the object of that namespace and name
        # on the hub, or hold the verb `use` on that FleetCluster, which an administrator gives for
        # members only.
        other=f"{cluster} == '' ? '' : 'fleetclusters'",
        other_group=f"'{GROUP}'",
        other_namespace="''",
        other_name=cluster,
        other_verb="'use'",
        advice=f"{cluster} == '' ? '' : ', nor use FleetCluster ' + {cluster}",
    )


def _store(path: str, ref: str) -> str:
    is_wide = f"({ref}.?kind.orValue('') == '{CLUSTER_SECRET_STORE}')"
    home = f"(has({ref}.namespace) ? {ref}.namespace : {_OWN})"
    return _question(
        path=f"'{path}'",
        kind=f"{is_wide} ? '{CLUSTER_SECRET_STORE}' : '{SECRET_STORE}'",
        name=f"{ref}.name",
        namespace=f"{is_wide} ? '' : {home}",
        group=f"'{_STORES}'",
        resource=f"{is_wide} ? 'clustersecretstores' : 'secretstores'",
        verb="'use'",
        other="'externalsecrets'",
        other_group=f"'{_STORES}'",
        other_namespace=f"{is_wide} ? {_OWN} : {home}",
        other_name="''",
        other_verb="'create'",
        advice="', nor create ExternalSecrets there'",
    )


def _sealed(path: str, ref: str) -> str:
    # A sealed text is public, and opens for whoever names it in the right place. So its author must
    # be allowed to read what it was sealed for: one Secret, or wherever its scope reaches.
    cluster = f"(has({ref}.cluster) ? {ref}.cluster : '')"
    is_here = f"{cluster} == ''"
    return _question(
        path=f"'{path}'",
        kind="'Secret'",
        name=f"{ref}.?scope.orValue('{Scope.STRICT}') == '{Scope.STRICT}' ? {_OWN_NAME} : ''",
        namespace=_OWN,
        group="''",
        resource="'secrets'",
        verb="'get'",
        other=f"{is_here} ? '{SEALEDSECRETS.plural}' : 'fleetclusters'",
        other_group=f"{is_here} ? '{SEALEDSECRETS.group}' : '{GROUP}'",
        other_namespace=f"{is_here} ? {_OWN} : ''",
        other_name=cluster,
        other_verb=f"{is_here} ? 'create' : 'use'",
        advice=f"{is_here} ? ', nor create SealedSecrets there'"
        f" : ', nor use FleetCluster ' + {cluster}",
    )


def _question(**parts: str) -> str:
    return "{" + ", ".join(f"'{name}': dyn({text})" for name, text in parts.items()) + "}"


def _validation(index: int) -> dict[str, Any]:
    """Ask the requester's own rights on what one reference names."""
    ref = f"variables.refs[{index}]"
    allowed = (
        f"authorizer.group({ref}.group).resource({ref}.resource).namespace({ref}.namespace)"
        f".name({ref}.name).check({ref}.verb).allowed()"
    )
    otherwise = (
        f"authorizer.group({ref}.other_group).resource({ref}.other)"
        f".namespace({ref}.other_namespace).name({ref}.other_name)"
        f".check({ref}.other_verb).allowed()"
    )
    return {
        "expression": (
            f"size(variables.refs) <= {index} || {allowed} || ({ref}.other != '' && {otherwise})"
        ),
        "messageExpression": (
            f"{ref}.path + ': ' + request.userInfo.username + ' may not ' + {ref}.verb + ' '"
            f" + {ref}.kind + ' ' + {ref}.namespace + '/' + {ref}.name + ' on the hub'"
            f" + {ref}.advice"
            f" + '; a FleetSecret reads what its author may read: name another ' + {ref}.kind"
            f" + ', or be granted `' + {ref}.verb + '` on this one'"
        ),
        "reason": "Forbidden",
    }
