# SPDX-License-Identifier: Apache-2.0
"""Random histories of a fleet in which every cluster serves SealedSecrets."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from tests.histories.machine import (
    Histories,
    contexts,
    hub_tenants,
    intents,
    specs,
    sure,
    targets,
    tenants,
)
from tests.histories.seals import SCOPES

SEALED = {"kind": "SealedSecret"}
deliveries = st.sampled_from((SEALED, SEALED, {**SEALED, "via": "Hub"}, {"kind": "Secret"}))
names = st.sampled_from(("vault", "vault", "safe", "one"))
scopes = st.sampled_from(SCOPES)
wrongs = st.sampled_from(("", "", "", "", "cluster", "name", "scope", "text"))
keys = st.sampled_from(("hub", "east", "west", "stranger", "spare"))


@st.composite
def delivered(draw: st.DrawFn, wanted: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    """Return a spec that says how it is delivered."""
    return {**draw(wanted), "delivery": draw(deliveries)}


class SealedHistories(Histories):
    """A fleet to which anything may happen, and in which much is sealed."""

    @initialize(
        seed=st.integers(0, 2**16),
        spec=delivered(sure()),
        other=st.one_of(delivered(sure()), specs()),
        scope=scopes,
    )
    def begin(self, seed: int, spec: dict[str, Any], other: dict[str, Any], scope: str) -> None:
        """Two tenants with a wish each, a SealedSecret in a member, and a controller."""
        self.found(seed)
        self.do("serve_sealed")
        self.wish(seed, spec, other)
        self.seal("east", "pay", "vault", 2, scope, "")
        self.lead()

    def seal(self, where: str, tenant: str, name: str, keys: int, scope: str, wrong: str) -> None:
        """Apply a SealedSecret."""
        about = {"context": where, "namespace": tenant, "name": name}
        self.do("write_sealed", **about, keys=keys, scope=scope, wrong=wrong)

    @rule(tenant=hub_tenants, name=intents, spec=delivered(specs()))
    def write_fleetsecret_sealed(self, tenant: str, name: str, spec: dict[str, Any]) -> None:
        self.do("write_fleetsecret", namespace=tenant, name=name, spec=spec)

    @rule(
        where=contexts,
        tenant=tenants,
        name=names,
        count=st.integers(1, 3),
        scope=scopes,
        wrong=wrongs,
    )
    def write_sealed(
        self, where: str, tenant: str, name: str, count: int, scope: str, wrong: str
    ) -> None:
        self.seal(where, tenant, name, count, scope, wrong)

    @rule(count=st.integers(1, 3), scope=scopes, wrong=wrongs)
    def write_the_first(self, count: int, scope: str, wrong: str) -> None:
        self.seal("east", "pay", "vault", count, scope, wrong)

    @rule(where=contexts, tenant=tenants, name=names, scope=scopes)
    def annotate_sealed(self, where: str, tenant: str, name: str, scope: str) -> None:
        about = {"context": where, "namespace": tenant, "name": name}
        self.do("annotate_sealed", **about, scope=scope)

    @rule(where=contexts, tenant=tenants, name=st.one_of(names, targets))
    def edit_sealed(self, where: str, tenant: str, name: str) -> None:
        self.do("edit_sealed", context=where, namespace=tenant, name=name)

    @rule(where=contexts, tenant=tenants, name=targets)
    def edit_carrier(self, where: str, tenant: str, name: str) -> None:
        home = {"context": "hub", "namespace": f"for-{where}"}
        self.do("edit_sealed", **home, name=f"{tenant}.{name}")

    @rule(where=contexts, tenant=tenants, name=st.one_of(names, targets))
    def delete_sealed(self, where: str, tenant: str, name: str) -> None:
        self.do("delete_sealed", context=where, namespace=tenant, name=name)

    @rule(where=contexts, tenant=tenants, name=targets)
    def delete_carrier(self, where: str, tenant: str, name: str) -> None:
        home = {"context": "hub", "namespace": f"for-{where}"}
        self.do("delete_sealed", **home, name=f"{tenant}.{name}")

    @rule(where=contexts, tenant=tenants, name=targets)
    def strip_sealed(self, where: str, tenant: str, name: str) -> None:
        self.do("strip_sealed", context=where, namespace=tenant, name=name)

    @rule(how=st.sampled_from(("edit_target", "delete_target")))
    def touch_the_first(self, how: str) -> None:
        self.do(how, context="east", namespace="pay", name="vault")

    @rule(all_of_it=st.booleans())
    def strip_the_first(self, all_of_it: bool) -> None:
        about = {"context": "east", "namespace": "pay", "name": "vault"}
        self.do("strip_target", **about, all_of_it=all_of_it)

    @rule(where=contexts, tenant=tenants, name=names)
    def plant_beside_sealed(self, where: str, tenant: str, name: str) -> None:
        self.do("plant_secret", context=where, namespace=tenant, name=name)

    @rule(where=contexts, key=keys)
    def write_key(self, where: str, key: str) -> None:
        self.do("write_key", context=where, key=key)

    @rule(where=contexts, key=keys, state=st.sampled_from(("active", "compromised")))
    def label_key(self, where: str, key: str, state: str) -> None:
        self.do("label_key", context=where, key=key, state=state)

    @rule(where=contexts, how=st.sampled_from(("delete_key", "break_key")))
    def lose_key(self, where: str, how: str) -> None:
        self.do(how, context=where, key=where)
