# SPDX-License-Identifier: Apache-2.0
"""What may flow where, rule by rule."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.plan.questions import (
    DATA,
    EAST_UID,
    HUB,
    INSTALLATION,
    OTHER,
    RING,
    digest,
    live,
    marker,
    question,
)

from keyfleet.base.keyring import Keyring, ephemeral_keyring
from keyfleet.base.secret import SecretValue
from keyfleet.model.data import SecretData
from keyfleet.model.flows import (
    UNKNOWN,
    FlowAction,
    FlowRule,
    Flows,
    Lineage,
    OnRefused,
    Provenance,
    SourceLabels,
)
from keyfleet.model.intent import SecretRef
from keyfleet.model.matchers import ChosenClusters, ChosenNamespaces
from keyfleet.model.ownership import MARKED, Installation, Marker, Spot, read_marker
from keyfleet.model.places import ClusterFacts, ClusterName
from keyfleet.model.plan import Finding, State, Verb
from keyfleet.model.policy import Policies
from keyfleet.model.selectors import Selector, parse_selector
from keyfleet.plan.decide import decide
from keyfleet.plan.flows import can_never_flow, carried, flow_objection
from keyfleet.testing.canary import canary

REF = SecretRef("pay", "src", ClusterName("prod-1"))
EVERYTHING = SourceLabels(
    "labels", ChosenClusters(("*",)), ChosenNamespaces(("*",)), {"env": "production"}
)


def rule(source: str, target: str, **changes: Any) -> FlowRule:
    made = FlowRule("environments", "stay", parse_selector(source), parse_selector(target))
    return replace(made, **changes)


def allow(source: str, target: str) -> FlowRule:
    return rule(source, target, action=FlowAction.ALLOW, name="go")


def cluster(**labels: str) -> ClusterFacts:
    return ClusterFacts(ClusterName(labels.get("env", "bare")), labels=labels)


def lineage(*carried_sets: Mapping[str, str], own: Any = None, **labels: str) -> Lineage:
    brought = Provenance(carried_sets, is_classified=bool(carried_sets) and all(carried_sets))
    return Lineage(cluster(**labels), "pay", brought, own or {})


def refusal(source: Lineage, target: ClusterFacts, *rules: FlowRule, **flows: Any) -> str:
    policies = Policies(flows=Flows(rules, **flows))
    found = flow_objection(source, REF, target, policies)
    return found.reason if found else ""


PRODUCTION, STAGING, BARE = cluster(env="production"), cluster(env="staging"), cluster()
FROM_PRODUCTION, FROM_STAGING = lineage(env="production"), lineage(env="staging")
STAYS = rule("env=production", "env notin (production)")
GOES = allow("env=production", "env=production")


class TestDeny:
    """A Deny matches when any set of the source does."""

    @pytest.mark.parametrize(
        ("source", "target", "reason"),
        [
            (FROM_PRODUCTION, STAGING, "FlowDenied"),
            (FROM_PRODUCTION, BARE, "FlowDenied"),
            (FROM_PRODUCTION, PRODUCTION, ""),
            (FROM_STAGING, PRODUCTION, ""),
            (lineage({"env": "production"}, env="staging"), STAGING, "FlowDenied"),
            (lineage({"env": "production"}), STAGING, "FlowDenied"),
            (lineage(own={"env": "production"}, env="staging"), STAGING, "FlowDenied"),
            (lineage(own={"env": "production"}), STAGING, "FlowDenied"),
        ],
    )
    def test_any_set_is_enough(self, source: Lineage, target: ClusterFacts, reason: str) -> None:
        assert refusal(source, target, STAYS) == reason

    def test_sets_are_not_merged(self) -> None:
        """Two halves of a selector in two sets do not match it."""
        halves = lineage({"env": "production"}, tenant="pay")
        both = rule("env=production,tenant=pay", "env=staging")
        assert refusal(halves, STAGING, both) == ""
        assert refusal(lineage(env="production", tenant="pay"), STAGING, both) == "FlowDenied"

    def test_an_empty_selector_is_everything(self) -> None:
        assert refusal(FROM_STAGING, STAGING, rule("", "")) == "FlowDenied"
        assert refusal(lineage(), BARE, rule("", "")) == "FlowDenied"

    def test_wins_over_allow_and_over_a_default_of_allow(self) -> None:
        both = (allow("env=production", "env=staging"), STAYS)
        assert refusal(FROM_PRODUCTION, STAGING, *both, allowing=("p",)) == "FlowDenied"

    def test_what_is_not_known_does_not_pass_a_rule_about_missing_labels(self) -> None:
        only_public = rule("env notin (public)", "env=staging")
        claims = lineage(own={"env": "public"})
        assert refusal(claims, STAGING, only_public, allowing=("p",)) == "FlowDenied"
        assert refusal(lineage(env="public"), STAGING, only_public) == ""

    def test_is_told_with_policy_rule_and_edit(self) -> None:
        policies = Policies(flows=Flows((STAYS,)))
        found = flow_objection(FROM_PRODUCTION, REF, STAGING, policies)
        assert found == Finding(
            State.REFUSED,
            "FlowDenied",
            "environments/stay lets nothing from env=production flow to staging (env=staging)",
            "take staging out of the placement, or change `from` or `to` of flow stay in"
            " FleetPolicy environments",
            "environments/stay",
        )

    def test_the_rule_that_deletes_is_named(self) -> None:
        deletes = replace(STAYS, name="purge", on_refused=OnRefused.DELETE)
        policies = Policies(flows=Flows((STAYS, deletes)))
        found = flow_objection(FROM_PRODUCTION, REF, STAGING, policies)
        assert found is not None
        assert (found.rule, found.withdraws) == ("environments/purge", True)


class TestAllow:
    """An Allow matches when all sets of the source do."""

    @pytest.mark.parametrize(
        ("source", "target", "reason"),
        [
            (FROM_PRODUCTION, PRODUCTION, ""),
            (FROM_PRODUCTION, STAGING, "FlowNotAllowed"),
            (FROM_STAGING, PRODUCTION, "FlowNotAllowed"),
            (lineage({"env": "production"}, env="production"), PRODUCTION, ""),
            (lineage({"env": "staging"}, env="production"), PRODUCTION, "FlowNotAllowed"),
            (lineage({}, env="production"), PRODUCTION, "FlowNotAllowed"),
            (lineage({"env": "production"}), PRODUCTION, ""),
            (lineage({"env": "production"}, {}), PRODUCTION, "UnclassifiedSource"),
        ],
    )
    def test_every_set_must_match(self, source: Lineage, target: ClusterFacts, reason: str) -> None:
        assert refusal(source, target, GOES, denying=("p",)) == reason

    @pytest.mark.parametrize("empty", [allow("", "env=production"), allow("env=production", "")])
    def test_an_empty_selector_is_nothing(self, empty: FlowRule) -> None:
        assert refusal(FROM_PRODUCTION, PRODUCTION, empty, denying=("p",)) == "FlowNotAllowed"

    @pytest.mark.parametrize(
        ("own", "reason"),
        [
            ({"helm.sh/chart": "pay-1.2"}, ""),
            ({"env": "production"}, ""),
            ({"env": "staging"}, "FlowNotAllowed"),
        ],
    )
    def test_labels_of_a_declaration_contradict_but_never_satisfy(
        self, own: dict[str, str], reason: str
    ) -> None:
        source = lineage(own=own, env="production")
        assert refusal(source, PRODUCTION, GOES, denying=("p",)) == reason
        assert refusal(lineage(own=own), PRODUCTION, GOES, denying=("p",)) == "UnclassifiedSource"

    def test_without_a_default_of_deny_nothing_needs_it(self) -> None:
        assert refusal(FROM_STAGING, PRODUCTION, GOES) == ""

    def test_is_told_with_the_rule_to_add(self) -> None:
        policies = Policies(flows=Flows((GOES,), denying=("closed",)))
        found = flow_objection(FROM_STAGING, REF, PRODUCTION, policies)
        assert found is not None
        assert (found.state, found.rule) == (State.REFUSED, "closed/defaultFlow")
        assert "env=staging" in found.hint
        assert "FleetPolicy closed" in found.hint


class TestUnclassified:
    """A source that nobody labelled goes nowhere once flows are declared."""

    @pytest.mark.parametrize(
        ("flows", "reason"),
        [
            (Flows(), ""),
            (Flows(allowing=("p",)), ""),
            (Flows((STAYS,)), "UnclassifiedSource"),
            (Flows((GOES,)), "UnclassifiedSource"),
            (Flows(denying=("p",)), "UnclassifiedSource"),
            (Flows((STAYS,), allowing=("p",)), ""),
            (Flows((STAYS,), denying=("p",), allowing=("q",)), "UnclassifiedSource"),
            (Flows((STAYS,), (EVERYTHING,)), ""),
        ],
    )
    def test_is_refused_unless_the_default_is_written(self, flows: Flows, reason: str) -> None:
        found = flow_objection(lineage(), REF, PRODUCTION, Policies(flows=flows))
        assert (found.reason if found else "") == reason

    @pytest.mark.parametrize("flows", [Flows((STAYS,)), Flows(denying=("environments",))])
    def test_is_told_what_has_no_labels(self, flows: Flows) -> None:
        found = flow_objection(lineage(), REF, PRODUCTION, Policies(flows=flows))
        assert found is not None
        assert "prod-1/pay/src" in found.message
        assert found.rule == "environments/defaultFlow"

    def test_is_told_without_a_source_too(self) -> None:
        found = flow_objection(Lineage(), None, PRODUCTION, Policies(flows=Flows((STAYS,))))
        assert found is not None
        assert "the source" in found.message


class TestFiles:
    """FleetPolicies of files can only forbid."""

    def test_a_file_adds_a_deny(self) -> None:
        policies = Policies(file_flows=Flows((STAYS,)))
        found = flow_objection(FROM_PRODUCTION, REF, STAGING, policies)
        assert found is not None
        assert found.rule == "environments/stay"

    @pytest.mark.parametrize(
        "files",
        [Flows((allow("env=production", "env=staging"),)), Flows(allowing=("mine",))],
    )
    def test_a_file_opens_nothing(self, files: Flows) -> None:
        for hub in (Flows((STAYS,)), Flows(denying=("closed",))):
            policies = Policies(flows=hub, file_flows=files)
            assert flow_objection(FROM_PRODUCTION, REF, STAGING, policies) is not None

    def test_labels_that_a_file_assigns_say_nothing_to_the_hub(self) -> None:
        hub = Policies(flows=Flows((STAYS,)), file_flows=Flows(sources=(EVERYTHING,)))
        found = flow_objection(lineage(), REF, PRODUCTION, hub)
        assert found is not None
        assert found.reason == "UnclassifiedSource"
        own = Policies(file_flows=Flows((STAYS,), (EVERYTHING,)))
        assert flow_objection(lineage(), REF, PRODUCTION, own) is None
        assert flow_objection(lineage(), REF, STAGING, own) is not None


def source_data(mark: Marker | None, by: Installation = INSTALLATION, **data: str) -> SecretData:
    values = {key: SecretValue(canary(text)) for key, text in data.items()} or DATA
    marks = MARKED.marks(mark, by).annotations if mark else {}
    return SecretData(values, marks=marks)


class TestCarried:
    """What a managed Secret brings along when it is read as a source."""

    SPOT = Spot(EAST_UID, "pay", "db")
    SETS = ({"env": "production"},)
    MARK = marker(provenance=SETS, claimed=({"team": "a"},), fingerprint=digest(DATA))

    def test_nothing_from_a_secret_that_is_not_managed(self) -> None:
        assert carried(source_data(None), self.SPOT, INSTALLATION) == Provenance(())

    def test_the_sets_of_a_marker_that_verifies_say_what_it_is(self) -> None:
        found = carried(source_data(self.MARK), self.SPOT, INSTALLATION)
        assert found == Provenance(self.SETS, ({"team": "a"},), is_classified=True)

    def test_a_marker_without_sets_says_that_nothing_is_known(self) -> None:
        found = carried(source_data(marker(fingerprint=digest(DATA))), self.SPOT, INSTALLATION)
        assert (found.sets, found.is_classified) == (UNKNOWN, False)

    def test_a_way_that_is_partly_unknown_says_nothing(self) -> None:
        mark = marker(provenance=({}, *self.SETS), fingerprint=digest(DATA))
        found = carried(source_data(mark), self.SPOT, INSTALLATION)
        assert (found.sets, found.is_classified) == (({}, *self.SETS), False)

    @pytest.mark.parametrize(
        "data",
        [
            source_data(MARK, password="edited"),
            source_data(MARK, Installation(HUB, ephemeral_keyring())),
            source_data(MARK, Installation(HUB, Keyring({"lost": bytes(32)}))),
            source_data(marker(provenance=SETS)),
            source_data(marker(provenance=SETS, fingerprint="v1:lost:0123456789abcdef")),
        ],
    )
    def test_what_does_not_verify_or_was_edited_only_adds(self, data: SecretData) -> None:
        found = carried(data, self.SPOT, INSTALLATION)
        assert (found.sets, found.is_classified) == (self.SETS, False)

    @pytest.mark.parametrize(
        "mark", [marker(provenance=SETS, name="copy"), marker(provenance=SETS, hub="another")]
    )
    def test_a_copy_or_another_hubs_target_only_adds(self, mark: Marker) -> None:
        found = carried(source_data(mark), self.SPOT, INSTALLATION)
        assert (found.sets, found.is_classified) == (self.SETS, False)

    @pytest.mark.parametrize("mark", [marker(name="copy"), marker(hub="another")])
    def test_of_a_stranger_the_absence_of_labels_says_nothing(self, mark: Marker) -> None:
        assert carried(source_data(mark), self.SPOT, INSTALLATION).sets == ()

    def test_a_key_that_was_rotated_still_verifies(self) -> None:
        rotated = Installation(HUB, Keyring({"k2": b"2" * 32, **RING.keys}))
        assert carried(source_data(self.MARK), self.SPOT, rotated).is_classified


class TestDecisions:
    """What a decision does about it."""

    DENIED = Policies(flows=Flows((replace(STAYS, target=Selector()),)))
    DELETING = Policies(
        flows=Flows((replace(STAYS, target=Selector(), on_refused=OnRefused.DELETE),))
    )
    LINE = lineage(env="production")

    def ask(self, policies: Policies, **changes: Any) -> Any:
        return decide(question(lineage=self.LINE, policies=policies, **changes))

    def test_a_forbidden_target_is_not_made(self) -> None:
        step = self.ask(self.DENIED)
        assert (step.verb, step.finding.reason) == (Verb.NONE, "FlowDenied")

    def test_a_delivered_target_is_frozen(self) -> None:
        edited = {"password": SecretValue(canary("edited"))}
        step = self.ask(self.DENIED, actual=live(edited, mark=marker()))
        assert (step.verb, step.write, step.finding.reason) == (Verb.NONE, None, "FlowDenied")

    def test_a_delivered_target_is_deleted_where_the_rule_says_so(self) -> None:
        step = self.ask(self.DELETING, actual=live(mark=marker()))
        assert (step.verb, step.uid, step.resource_version) == (Verb.DELETE, "o1", "7")
        assert step.finding.rule == "environments/stay"

    @pytest.mark.parametrize(
        "actual",
        [
            None,
            live(),
            live(mark=marker(OTHER)),
            live(mark=marker(released=True)),
            live(mark=marker(), is_deleting=True),
            live(mark=marker(), by=Installation(HUB, ephemeral_keyring())),
        ],
    )
    def test_what_is_not_surely_ours_is_never_deleted(self, actual: Any) -> None:
        step = self.ask(self.DELETING, actual=actual)
        assert (step.verb, step.finding.reason) == (Verb.NONE, "FlowDenied")

    def test_flows_never_keep_an_unwanted_target(self) -> None:
        step = decide(
            question(
                lineage=self.LINE,
                policies=self.DENIED,
                actual=live(mark=marker()),
                desired=None,
                intent=None,
            )
        )
        assert step.verb is Verb.DELETE

    def test_the_marker_says_where_the_data_comes_from(self) -> None:
        brought = Provenance(({"env": "staging"},), ({"team": "a"},), is_classified=True)
        step = decide(question(lineage=replace(self.LINE, carried=brought, own={"team": "b"})))
        assert step.write is not None
        said = read_marker({k: v for k, v in step.write.annotations.items() if v})
        assert said is not None
        assert said.provenance == ({"env": "production"}, {"env": "staging"})
        assert said.claimed == ({"team": "a"}, {"team": "b"})

    def test_nothing_known_is_said_by_nothing(self) -> None:
        step = decide(question())
        assert step.write is not None
        said = read_marker({k: v for k, v in step.write.annotations.items() if v})
        assert said is not None
        assert (said.provenance, said.claimed) == ((), ())

    def test_a_relabelled_source_changes_the_marker_and_not_the_data(self) -> None:
        before = decide(question(lineage=self.LINE))
        assert before.write is not None
        marks = {k: v for k, v in before.write.annotations.items() if v}
        labels = {k: v for k, v in before.write.labels.items() if v}
        actual = replace(live(annotations=marks, labels=labels), fingerprint=digest(DATA))
        assert decide(question(lineage=self.LINE, actual=actual)).verb is Verb.NONE
        relabelled = lineage(env="production", region="eu")
        step = decide(question(lineage=relabelled, actual=actual))
        assert (step.verb, step.write.data if step.write else "") == (Verb.UPDATE, None)


def test_who_can_never_deliver_has_no_claim() -> None:
    policies = Policies(flows=Flows((STAYS,)))
    assert can_never_flow(FROM_PRODUCTION, STAGING, policies)
    assert not can_never_flow(FROM_PRODUCTION, PRODUCTION, policies)
    assert not can_never_flow(lineage(), STAGING, policies), "what it brings along may say more"
