# SPDX-License-Identifier: Apache-2.0
"""What `doctor` says of one cluster."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from keyfleet.cli.doctor.facts import Ailment, Chart, ClusterSheet, Severity, unasked
from keyfleet.cli.doctor.keychecks import sealing_keys
from keyfleet.model.ownership import Claim

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

SLOW_S = 1.0
"""Of one small request; a delivery needs a few."""
OFF_S = 5.0
VERY_OFF_S = 60.0
"""Tokens and Leases are judged by the clock."""
SOON = timedelta(days=14)

OTHER_OPERATORS = {
    "externalsecrets.external-secrets.io": "External Secrets Operator",
    "clusterexternalsecrets.external-secrets.io": "External Secrets Operator",
    "pushsecrets.external-secrets.io": "External Secrets Operator",
    "sealedsecrets.bitnami.com": "Sealed Secrets",
    "managedresources.kubensync.com": "KubeNSync",
    "federatedsecrets.types.kubefed.io": "KubeFed",
    "clusterresourcesets.addons.cluster.x-k8s.io": "Cluster API",
    "vaultstaticsecrets.secrets.hashicorp.com": "Vault Secrets Operator",
    "secretproviderclasses.secrets-store.csi.x-k8s.io": "Secrets Store CSI Driver",
}
"""CRD -> who serves it; a Secret that one of them writes cannot be Keyfleet's as well."""

Check = Callable[[ClusterSheet, Chart], Iterator[Ailment]]


def reachable(sheet: ClusterSheet, chart: Chart) -> Iterator[Ailment]:
    """Does it answer, and fast enough?"""
    del chart
    if sheet.problem is not None:
        what = f"{sheet.problem.message} ({sheet.problem.reason})"
        yield Ailment(ERROR, "reachable", sheet.name, what, sheet.problem.hint)
    elif sheet.latency_s > SLOW_S:
        took = f"a small request takes {sheet.latency_s:.1f} s"
        yield Ailment(
            WARNING, "latency", sheet.name, took, "look at its API server and the network"
        )


def login(sheet: ClusterSheet, chart: Chart) -> Iterator[Ailment]:
    """Is the login good for some time, and is the server verified?"""
    found = sheet.login
    if found is None:
        yield unasked("login", sheet.name, "the login could not be looked at")
        return
    if found.is_insecure:
        what = "insecure-skip-tls-verify: anybody on the way can read and change secrets"
        yield Ailment(WARNING, "tls", sheet.name, what, "put the cluster's CA into the kubeconfig")
    ends = (("client certificate", found.certificate_ends), ("token", found.token_ends))
    for word, moment in ends:
        if moment is not None:
            yield from _life(word, moment, sheet, chart.now)
    if "plugin" in found.kind:
        yield Ailment(NOTE, "login", sheet.name, "a login plugin renews the credential by itself")


def _life(word: str, ends: datetime, sheet: ClusterSheet, now: datetime) -> Iterator[Ailment]:
    day = f"{ends:%Y-%m-%d %H:%M} UTC"
    if ends <= now:
        yield Ailment(ERROR, "credential", sheet.name, f"the {word} ended on {day}", "renew it")
    elif ends - now < SOON:
        what = f"the {word} ends on {day}"
        yield Ailment(WARNING, "credential", sheet.name, what, "renew it before")


def rights(sheet: ClusterSheet, chart: Chart) -> Iterator[Ailment]:
    """May this login do what the controller needs there?"""
    del chart
    if sheet.rights is None:
        yield unasked("rights", sheet.name, "its API server does not say what one may do")
        return
    for right in sorted(sheet.rights, key=lambda one: (one.group, one.path, one.verb, one.name)):
        if not sheet.rights[right]:
            group = f".{right.group}" if right.group else ""
            name = f" {right.name}" if right.name else ""
            where = f" in {right.namespace}" if right.namespace else ""
            what = f"may not {right.verb} {right.path}{group}{name}{where}, needed {right.why}"
            yield Ailment(ERROR, "rights", sheet.name, what, _granting(sheet))


def _granting(sheet: ClusterSheet) -> str:
    if sheet.is_hub:
        return "`keyfleet install --controller IMAGE` makes the roles; --print shows them"
    return f"`keyfleet install --member --context {sheet.name}` makes the roles; --print shows them"


def privilege(sheet: ClusterSheet, chart: Chart) -> Iterator[Ailment]:
    """May this login do far more than it needs?"""
    del chart
    if not sheet.may_everything or sheet.login is None:
        return
    what = "this login may do everything"
    advice = "a controller needs less: `keyfleet install --member` makes such a login"
    # A person's own kubeconfig mostly is an administrator's; one that is stored should not be.
    severity = NOTE if sheet.login.is_own else WARNING
    yield Ailment(severity, "privilege", sheet.name, what, advice)


def identity(sheet: ClusterSheet, chart: Chart) -> Iterator[Ailment]:
    """Is it known who it is, and is it listed once?"""
    if sheet.is_weak:
        what = "its kube-system may not be read; it is recognised by CA and address"
        advice = "grant `get` on namespace kube-system"
        yield Ailment(WARNING, "identity", sheet.name, what, advice)
    first = next(each for each in chart.clusters if each.uid == sheet.uid)
    if sheet.uid and first is not sheet:
        what = f"is the same cluster as {first.name}"
        advice = "nothing, if two names are meant; else remove one of the two"
        yield Ailment(NOTE, "duplicate", sheet.name, what, advice)


def clock(sheet: ClusterSheet, chart: Chart) -> Iterator[Ailment]:
    """Do its clock and ours agree?"""
    del chart
    offset = sheet.clock_offset_s
    if offset is None:
        yield unasked("clock", sheet.name, "it does not say what time it is")
    elif abs(offset) >= OFF_S:
        word = "ahead of" if offset > 0 else "behind"
        severity = ERROR if abs(offset) >= VERY_OFF_S else WARNING
        what = f"its clock is {abs(offset):.0f} s {word} this machine's"
        yield Ailment(severity, "clock", sheet.name, what, "synchronise both by NTP")


def targets(sheet: ClusterSheet, chart: Chart) -> Iterator[Ailment]:
    """Whose are the marked Secrets, and does anything still want them?"""
    if sheet.targets is None:
        yield unasked("targets", sheet.name, "its Secrets may not be listed")
        return
    counts = Counter(each.holding.claim for each in sheet.targets)
    foreign = Counter(
        each.holding.marker.hub
        for each in sheet.targets
        if each.holding.claim is Claim.OTHER_HUB and each.holding.marker is not None
    )
    for hub, count in sorted(foreign.items()):
        what = f"{count} Secrets belong to hub {hub}"
        advice = f"nothing, if that hub lives; else `keyfleet adopt --from-hub {hub}`"
        yield Ailment(NOTE, "orphans", sheet.name, what, advice)
    if count := counts[Claim.UNVERIFIED]:
        yield _unverified(sheet, chart, count)
    if count := counts[Claim.COPY]:
        what = f"{count} Secrets carry a marker of another place, or a forged one"
        advice = "`keyfleet why` names them one by one; delete what a backup or clone left"
        yield Ailment(WARNING, "orphans", sheet.name, what, advice)
    yield from _orphans(sheet)


def _unverified(sheet: ClusterSheet, chart: Chart, count: int) -> Ailment:
    what = f"{count} Secrets are signed under a key that is not at hand"
    if not chart.hub.key_ids:
        return Ailment(NOTE, "orphans", sheet.name, what, "look as somebody who may read the key")
    advice = "restore that key, or `keyfleet adopt --unverified`"
    return Ailment(ERROR, "orphans", sheet.name, what, advice)


def _orphans(sheet: ClusterSheet) -> Iterator[Ailment]:
    for each in sheet.targets or ():
        marker = each.holding.marker
        if not each.holding.is_ours or marker is None or marker.released:
            continue
        # What `apply` delivered was never stored, so its absence says nothing.
        if each.is_declared is False and marker.intent_uid:
            what = f"{each.namespace}/{each.name} was delivered for {marker.intent}, which is gone"
            advice = (
                f"`keyfleet why {each.namespace}/{each.name} -c {sheet.name}` says what holds it"
            )
            yield Ailment(WARNING, "orphans", sheet.name, what, advice)


def old_keys(sheet: ClusterSheet, chart: Chart) -> Iterator[Ailment]:
    """Is anything still signed under an earlier key?"""
    del chart
    old = Counter(
        each.key_id
        for each in sheet.targets or ()
        if each.holding.claim is Claim.OURS and each.key_id != sheet.signing_key
    )
    for key_id, count in sorted(old.items()):
        what = f"{count} Secrets are still signed under the earlier key {key_id}"
        advice = "keep that key until a controller has marked them anew"
        yield Ailment(NOTE, "keys", sheet.name, what, advice)


def other_operators(sheet: ClusterSheet, chart: Chart) -> Iterator[Ailment]:
    """Does another operator write Secrets there?"""
    del chart
    if sheet.kinds is None:
        yield unasked("operators", sheet.name, "its CRDs may not be listed")
        return
    names = sorted({OTHER_OPERATORS[kind] for kind in sheet.kinds if kind in OTHER_OPERATORS})
    if sheet.reflected:
        names.append(f"Reflector ({sheet.reflected} annotated Secrets)")
    if names:
        what = f"other tools may write Secrets here: {', '.join(names)}"
        advice = (
            "let each Secret have one writer: another's is a Conflict, never overwritten; manifests"
            " of other tools are served here only where `run --dialects` names them"
        )
        yield Ailment(NOTE, "operators", sheet.name, what, advice)


def sealed(sheet: ClusterSheet, chart: Chart) -> Iterator[Ailment]:
    """Does anybody serve the SealedSecrets there, and who?"""
    del chart
    if sheet.sealed is None:
        yield unasked("sealed", sheet.name, "its SealedSecrets may not be listed")
        return
    if nobodys := sheet.sealed.nobodys:
        what = f"{_several(nobodys)} served by nobody"
        advice = (
            "`keyfleet install --dialect sealed-secrets` where the CRD is Keyfleet's, else `run"
            " --dialects sealed-secrets`, or start their own controller"
        )
        yield Ailment(WARNING, "sealed", sheet.name, what, advice)
    if others := sheet.sealed.others:
        what = f"{_several(others)} served by their own controller"
        advice = "nothing; to have Keyfleet do it, stop that and `run --dialects sealed-secrets`"
        yield Ailment(NOTE, "sealed", sheet.name, what, advice)


def _several(names: tuple[str, ...]) -> str:
    if len(names) == 1:
        return f"SealedSecret {names[0]} is"
    return f"{len(names)} SealedSecrets are, such as {names[0]},"


CLUSTER_CHECKS: tuple[Check, ...] = (
    reachable,
    login,
    rights,
    privilege,
    identity,
    clock,
    targets,
    old_keys,
    other_operators,
    sealed,
    sealing_keys,
)
