# SPDX-License-Identifier: Apache-2.0
"""Random histories: deeds in any order, and every guarantee after each of them."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from tests.histories import guarantees
from tests.histories.deeds import DEEDS, Deed, told
from tests.histories.reference import CHANCE, Place, Who
from tests.histories.world import CONTEXTS, TENANTS, World

from keyfleet.testing.memoryplane import Sky

ROUNDS = 14
"""Of 30 s each, until all has to be true after the last fault."""

contexts = st.sampled_from(CONTEXTS)
tenants = st.sampled_from(TENANTS)
hub_tenants = st.sampled_from(("pay", "ops"))
sources = st.sampled_from(("src", "alt"))
intents = st.sampled_from(("one", "two"))
targets = st.sampled_from(("one", "two", "shared"))
clusters = st.sampled_from(
    (
        {"names": ["*"]},
        {"names": ["east"]},
        {"names": ["east", "west"]},
        {"selector": {"matchLabels": {"env": "prod"}}},
        {"selector": {"matchLabels": {"env": "prod"}}, "exclude": ["west"]},
        {"names": ["*"], "exclude": ["east"]},
        {},
    )
)
namespaces = st.sampled_from(
    (
        None,
        None,
        {"names": ["pay", "ops"]},
        {"names": ["*"]},
        {"selector": {"matchLabels": {"team": "a"}}},
        {"names": ["*"], "exclude": ["web"]},
    )
)
deletion = st.sampled_from(("Delete", "Delete", "Retain"))
grants = st.sampled_from(
    (
        {"hub": ["pay"], "targets": {"clusters": {"names": ["*"]}, "namespaces": {"names": ["*"]}}},
        {
            "hub": ["pay"],
            "targets": {
                "clusters": {"selector": {"matchLabels": {"env": "prod"}}},
                "namespaces": {"selector": {"matchLabels": {"team": "a"}}},
            },
        },
        {
            "hub": ["*"],
            "sources": {"clusters": {"names": ["hub"]}, "namespaces": {"names": ["ops"]}},
        },
        {
            "hub": ["pay"],
            "sources": {"clusters": {"names": ["east"]}, "namespaces": {"names": ["*"]}},
        },
    )
)
READ_ANYWHERE = {
    "hub": ["*"],
    "sources": {"clusters": {"names": ["*"]}, "namespaces": {"names": ["*"]}},
}
PROD, DEV = {"matchLabels": {"env": "prod"}}, {"matchLabels": {"env": "dev"}}
NOT_PROD = {"matchExpressions": [{"key": "env", "operator": "NotIn", "values": ["prod"]}]}
OF_OPS = {"clusters": {"names": ["hub"]}, "namespaces": {"names": ["ops"]}}
flows = st.sampled_from(
    (
        {"flows": [{"name": "one", "from": PROD, "to": NOT_PROD, "action": "Deny"}]},
        {
            "flows": [
                {"name": "two", "from": DEV, "to": PROD, "action": "Deny", "onRefused": "Delete"}
            ],
            "sources": [{**OF_OPS, "labels": {"env": "dev"}}],
        },
        {"flows": [{"name": "three", "from": DEV, "to": {}, "action": "Deny"}]},
        {
            "flows": [{"name": "four", "from": PROD, "to": PROD, "action": "Allow"}],
            "defaultFlow": "Deny",
        },
        {"defaultFlow": "Allow"},
        {"sources": [{**OF_OPS, "labels": {"env": "dev"}}]},
    )
)
OF_ENV = "{{ .user }} {{ .Cluster.labels.env }}"
texts = st.sampled_from(
    (
        "{{ .user }}",
        OF_ENV,
        OF_ENV,
        f"{{{{ .user }}}} ~{CHANCE}",
        f"{OF_ENV} ~{CHANCE}",
        "{{ .user }} {{ .absent }}",
        "{{ .user",
    )
)
TEMPLATE_FROM = [{"configMapRef": {"name": "templates", "items": [{"key": "made"}]}}]
skies = st.sampled_from([sky.value for sky in Sky])
controllers = st.sampled_from(("a", "b"))


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    """Return a FleetSecret's spec."""
    reference: dict[str, Any] = {"name": draw(sources)}
    if draw(st.integers(0, 3)) == 0:
        somewhere = st.sampled_from(("east", "east", "west", "hub"))
        reference |= {"cluster": draw(somewhere), "namespace": draw(hub_tenants)}
    placement: dict[str, Any] = {"clusters": draw(clusters)}
    if wanted := draw(namespaces):
        placement["namespaces"] = wanted
    if draw(st.integers(0, 2)) == 0:
        placement["name"] = "shared"
    missing = draw(st.sampled_from(("Retain", "Retain", "Delete")))
    conflict = draw(st.sampled_from(("Refuse", "Refuse", "Adopt", "Overwrite")))
    template: dict[str, Any] = {}
    if draw(st.integers(0, 3)) == 0:
        own = {"data": {"made": draw(texts)}}
        template = {"templateFrom": TEMPLATE_FROM} if draw(st.booleans()) else own
    return {
        **({"template": template} if template else {}),
        "source": {"secretRef": reference, "onMissing": missing},
        "placement": placement,
        "conflictPolicy": conflict,
        "deletionPolicy": draw(deletion),
        "paused": draw(st.integers(0, 7)) == 0,
    }


@st.composite
def sure(draw: st.DrawFn) -> dict[str, Any]:
    """Return a spec that is served from the start: half of the others want what cannot be had."""
    wanted: dict[str, Any] = draw(specs())
    everywhere = ({"names": ["*"]}, {"names": ["east", "west"]}, {"names": ["west", "hub"]})
    wanted["source"]["secretRef"] = {"name": "src"}
    wanted["placement"] = {"clusters": draw(st.sampled_from(everywhere))}
    if draw(st.booleans()):
        # One of them is the other's.
        wanted["placement"]["namespaces"] = {"names": ["pay", "ops"]}
    return {**wanted, "paused": False}


class Histories(RuleBasedStateMachine):
    """A fleet to which anything may happen."""

    survived = 0
    """Histories that ended well, over all runs of this class."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[Deed] = []
        self.newest: dict[tuple[Place, str, str], int] = {}
        self.went: list[tuple[float, Who]] = []
        self.put_s: dict[tuple[Place, str], float] = {}
        self.seen = 0
        self.problems: list[str] = []

    @initialize(seed=st.integers(0, 2**16), spec=sure(), other=st.one_of(sure(), specs()))
    def begin(self, seed: int, spec: dict[str, Any], other: dict[str, Any]) -> None:
        """Two tenants with a wish each, and a controller."""
        self.found(seed)
        self.wish(seed, spec, other)
        self.lead()

    def found(self, seed: int) -> None:
        """Make the fleet."""
        self.world = World(seed)

    def wish(self, seed: int, spec: dict[str, Any], other: dict[str, Any]) -> None:
        """Let two tenants want something, under rules that the seed says."""
        for tenant, wanted in (("pay", spec), ("ops", other)):
            self.do("write_source", context="hub", namespace=tenant, name="src", keys=2)
            self.do("write_template", namespace=tenant, text=OF_ENV)
            self.do("write_fleetsecret", namespace=tenant, name="one", spec=wanted)
        if seed % 3 == 0:
            self.do("limit_deletions")
        if seed % 5 == 0:
            rule = {"name": "one", "from": PROD, "to": NOT_PROD, "action": "Deny"}
            self.do("write_policy", name="f", spec={"flows": [rule]})
        if seed % 2:
            self.do("write_policy", name="p", spec={"namespaces": [READ_ANYWHERE]})
            self.do("write_source", context="east", namespace="pay", name="src", keys=2)

    def lead(self) -> None:
        """Start a controller."""
        self.do("start", name="a")
        self.do("pass_time", seconds=2.0)

    def do(self, deed: str, **how: Any) -> None:
        """Carry out a deed, then look at everything."""
        self.history.append((deed, how))
        DEEDS[deed](self.world, **how)
        self.look()

    def look(self) -> None:
        """Check what holds at every moment."""
        world = self.world
        writes = world.writes[self.seen :]
        self.seen = len(world.writes)
        self.problems = [
            *guarantees.no_crash(world),
            *guarantees.g1_no_value_outside_secrets(world, writes),
            *guarantees.authority(world, writes),
            *guarantees.ownership(world, writes),
            *guarantees.g3_an_error_is_never_absence(world, writes, self.put_s),
            *guarantees.g4_mass_deletions_wait(world, writes, self.went),
            *guarantees.g5_no_older_version(world, writes, self.newest),
            *guarantees.keys_are_made_once(world, writes),
        ]
        world.said.clear()
        world.remember()
        self.fail_if_any()

    def fail_if_any(self) -> None:
        """End the history when something does not hold."""
        if self.problems:
            began = f"history of seed {self.world.seed}:"
            raise AssertionError("\n".join([*self.problems[:8], began, told(self.history)]))

    # Rules: one per deed, the frequent ones by several.

    @rule(
        where=st.one_of(st.just("hub"), contexts),
        tenant=tenants,
        name=sources,
        keys=st.integers(1, 3),
    )
    def write_source(self, where: str, tenant: str, name: str, keys: int) -> None:
        self.do("write_source", context=where, namespace=tenant, name=name, keys=keys)

    @rule(tenant=hub_tenants, name=sources)
    def delete_source(self, tenant: str, name: str) -> None:
        self.do("delete_source", context="hub", namespace=tenant, name=name)

    @rule(
        tenant=hub_tenants,
        name=sources,
        to=st.sampled_from(("", "east", "east,west")),
        policy=deletion,
    )
    def annotate_source(self, tenant: str, name: str, to: str, policy: str) -> None:
        self.do("annotate_source", namespace=tenant, name=name, targets=to, policy=policy)

    @rule(tenant=hub_tenants, name=intents, spec=specs())
    def write_fleetsecret(self, tenant: str, name: str, spec: dict[str, Any]) -> None:
        self.do("write_fleetsecret", namespace=tenant, name=name, spec=spec)

    @rule(tenant=hub_tenants, name=intents)
    def delete_fleetsecret(self, tenant: str, name: str) -> None:
        self.do("delete_fleetsecret", namespace=tenant, name=name)

    @rule(tenant=hub_tenants, text=st.one_of(st.just(""), texts, texts, texts))
    def write_template(self, tenant: str, text: str) -> None:
        self.do("write_template", namespace=tenant, text=text)

    @rule(name=st.sampled_from(("p", "q")), grant=grants, paused=st.booleans())
    def write_policy(self, name: str, grant: dict[str, Any], paused: bool) -> None:
        self.do("write_policy", name=name, spec={"namespaces": [grant], "paused": paused})

    @rule(name=st.sampled_from(("f", "g")), wanted=flows, paused=st.sampled_from((False, True)))
    def write_flows(self, name: str, wanted: dict[str, Any], paused: bool) -> None:
        self.do("write_policy", name=name, spec={**wanted, "paused": paused})

    @rule(name=st.sampled_from(("p", "q", "f", "g")))
    def delete_policy(self, name: str) -> None:
        self.do("delete_policy", name=name)

    @rule(other_set=st.booleans())
    def approve(self, other_set: bool) -> None:
        self.do("approve", other_set=other_set)

    @rule(
        where=contexts,
        env=st.sampled_from(("prod", "dev")),
        on_removed=st.sampled_from(("Retain", "Delete")),
        paused=st.sampled_from((False, False, True)),
    )
    def write_cluster(self, where: str, env: str, on_removed: str, paused: bool) -> None:
        self.do("write_cluster", context=where, env=env, on_removed=on_removed, paused=paused)

    @rule(where=contexts)
    def delete_cluster(self, where: str) -> None:
        self.do("delete_cluster", context=where)

    @rule(where=contexts, name=tenants, team=st.sampled_from(("", "a", "b")))
    def label_namespace(self, where: str, name: str, team: str) -> None:
        self.do("label_namespace", context=where, name=name, team=team)

    @rule(where=contexts, name=tenants)
    def terminate_namespace(self, where: str, name: str) -> None:
        self.do("terminate_namespace", context=where, name=name)

    @rule(where=contexts, name=tenants)
    def end_namespace(self, where: str, name: str) -> None:
        self.do("end_namespace", context=where, name=name)

    @rule(where=contexts, tenant=tenants, name=targets)
    def edit_target(self, where: str, tenant: str, name: str) -> None:
        self.do("edit_target", context=where, namespace=tenant, name=name)

    @rule(where=contexts, tenant=tenants, name=targets)
    def delete_target(self, where: str, tenant: str, name: str) -> None:
        self.do("delete_target", context=where, namespace=tenant, name=name)

    @rule(where=contexts, tenant=tenants, name=targets, all_of_it=st.booleans())
    def strip_target(self, where: str, tenant: str, name: str, all_of_it: bool) -> None:
        self.do("strip_target", context=where, namespace=tenant, name=name, all_of_it=all_of_it)

    @rule(where=contexts, tenant=tenants, name=targets)
    def plant_secret(self, where: str, tenant: str, name: str) -> None:
        self.do("plant_secret", context=where, namespace=tenant, name=name)

    @rule(where=contexts, tenant=tenants, name=targets, to=tenants)
    def copy_target(self, where: str, tenant: str, name: str, to: str) -> None:
        self.do("copy_target", context=where, namespace=tenant, name=name, to=to)

    @rule(where=st.sampled_from(("east", "east", "west", "west", "hub")), sky=skies)
    def weather(self, where: str, sky: str) -> None:
        self.do("weather", context=where, sky=sky)

    @rule(where=contexts, count=st.integers(1, 3))
    def lose_answers(self, where: str, count: int) -> None:
        self.do("lose_answers", context=where, count=count)

    @rule(where=contexts, tenant=tenants, denied=st.booleans())
    def forbid(self, where: str, tenant: str, denied: bool) -> None:
        self.do("forbid", context=where, namespace=tenant, denied=denied)

    @rule(where=contexts, compacted=st.booleans())
    def cut_watches(self, where: str, compacted: bool) -> None:
        self.do("cut_watches", context=where, compacted=compacted)

    @rule()
    def heal(self) -> None:
        self.do("heal")

    @rule(name=controllers)
    def start(self, name: str) -> None:
        self.do("start", name=name)

    @rule(name=controllers, after_steps=st.integers(0, 40))
    def kill(self, name: str, after_steps: int) -> None:
        self.do("kill", name=name, after_steps=after_steps)

    @rule(name=controllers)
    def stop(self, name: str) -> None:
        self.do("stop", name=name)

    @rule(seconds=st.sampled_from((0.005, 0.02, 0.1, 1.0, 5.0, 20.0, 90.0)))
    def pass_time(self, seconds: float) -> None:
        self.do("pass_time", seconds=seconds)
        if seconds > guarantees.SETTLED_S:
            self.look_whether_prompt()

    @rule(seconds=st.sampled_from((0.002, 0.01, 0.05, 0.5, 3.0)))
    def pass_little_time(self, seconds: float) -> None:
        self.do("pass_time", seconds=seconds)

    # What must hold when things have settled.

    def look_whether_prompt(self) -> None:
        """G8: where the way is clear, nobody else's trouble delays anything."""
        self.problems = guarantees.g8_trouble_elsewhere_delays_nothing(self.world)
        self.fail_if_any()

    def settle(self) -> None:
        """Heal everything, and wait until all is true; what takes longest are held deletions."""
        self.do("heal")
        if not self.world.controllers:
            self.do("start", name="a")
        for _ in range(ROUNDS):
            before = len(self.world.writes)
            self.do("pass_time", seconds=30.0)
            self.problems = guarantees.convergence(self.world, self.world.facts(), CONTEXTS)
            is_quiet = not guarantees.g9_nothing_more_to_write(self.world.writes[before:])
            if is_quiet and not self.problems:
                return
        self.fail_if_any()

    def repeat(self) -> None:
        """G9: a further look and a restart write nothing."""
        if self.is_written_again():
            # Something was still held back when all else was true already.
            self.do("pass_time", seconds=30.0 * ROUNDS)
            self.problems = self.is_written_again()
        self.fail_if_any()

    def is_written_again(self) -> list[str]:
        """Return what is written while time passes and over a restart."""
        before = len(self.world.writes)
        self.do("pass_time", seconds=20.0)
        for name in list(self.world.controllers):
            self.do("kill", name=name, after_steps=0)
        self.do("start", name="a")
        self.do("pass_time", seconds=40.0)
        return guarantees.g9_nothing_more_to_write(self.world.writes[before:])

    def leave(self) -> None:
        """G12: without a controller everything stays."""
        before = self.world.facts()
        for name in list(self.world.controllers):
            self.do("stop", name=name)
        self.do("pass_time", seconds=20.0)
        self.problems = guarantees.g12_secrets_stay(before, self.world.facts())
        self.problems += guarantees.g1_no_value_in_metrics(self.world)
        self.fail_if_any()

    def teardown(self) -> None:
        """End the history: everything must come true."""
        if not hasattr(self, "world"):
            return
        try:
            if not self.problems:
                self.settle()
                self.repeat()
                self.leave()
                type(self).survived += 1
        finally:
            self.world.close()
