# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.base.errors import TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.model.data import SecretData
from keyfleet.model.desired import Content, DesiredObject
from keyfleet.model.intent import KeyRename, Shape, WriteMode
from keyfleet.model.places import ClusterFacts, ClusterName, NamespaceFacts, Place, TargetFacts
from keyfleet.model.rendering import Rendering, Root, TemplateItem, TemplateLiteral
from keyfleet.transform.parts import QUICKLY_PARSED_BYTES
from keyfleet.transform.shape import content_of, placed, shape, varies_with

VALUE = SecretValue(b"kf-canary-value")
DATA = SecretData({"password": VALUE}, type="example.com/db")
FACTS = TargetFacts(ClusterFacts(ClusterName("east")), NamespaceFacts("payments"))
PLACE = Place(ClusterName("east"), "payments", "db")


def test_one_secret_at_the_target_place() -> None:
    wanted = DesiredObject(PLACE, Content("example.com/db", {"password": VALUE}))
    assert (wanted,) == shape(Shape(), DATA, FACTS, "db")


def test_the_type_of_the_shape_wins_over_the_type_of_the_source() -> None:
    assert content_of(Shape(type="Opaque"), DATA).type == "Opaque"


def test_a_source_without_a_type_gives_an_opaque_secret() -> None:
    assert content_of(Shape(), SecretData(type="")).type == "Opaque"


def test_labels_and_annotations_come_from_the_shape_alone() -> None:
    content = content_of(Shape(labels={"team": "pay"}, annotations={"note": "n"}), DATA)
    assert (content.labels, content.annotations) == ({"team": "pay"}, {"note": "n"})


def test_the_write_mode_is_kept() -> None:
    (wanted,) = shape(Shape(write_mode=WriteMode.MERGE), DATA, FACTS, "db")
    assert WriteMode.MERGE is wanted.write_mode


def test_one_content_serves_every_place_while_nothing_varies() -> None:
    wanted = Shape(keys=(KeyRename("password", "pw"),))
    content = content_of(wanted, DATA)
    assert frozenset() == varies_with(wanted)
    assert placed(content, wanted, FACTS, name="db").base is content
    assert (placed(content, wanted, FACTS, name="db"),) == shape(wanted, DATA, FACTS, "db")


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (Shape(keys=(KeyRename("absent", "x"),)), "key_missing"),
        (Shape(keys=(KeyRename("password", "a/b"),)), "key_name"),
        (Shape(type="kubernetes.io/tls"), "type_key"),
        (Shape(labels={"keyfleet.io/hub": "x"}), "metadata_reserved"),
    ],
)
def test_every_check_is_made(wanted: Shape, code: str) -> None:
    with pytest.raises(TransformError) as caught:
        content_of(wanted, DATA)
    assert f"transform.{code}" == caught.value.code


def test_the_type_rule_looks_at_the_renamed_keys() -> None:
    wanted = Shape(type="kubernetes.io/ssh-auth", keys=(KeyRename("password", "ssh-privatekey"),))
    assert content_of(wanted, DATA).data == {"ssh-privatekey": VALUE}


@pytest.mark.parametrize(
    ("rendering", "facts"),
    [
        (Rendering(data={"k": "{{ .a }}"}), set()),
        (Rendering(data={"k": "{{ .Cluster.name }}"}), {"cluster"}),
        (Rendering(data={"k": "x" * QUICKLY_PARSED_BYTES, "l": "x"}), {"cluster", "namespace"}),
        (Rendering(items=(TemplateItem(0, "k"),)), {"cluster", "namespace"}),
    ],
)
def test_templates_vary_with_what_they_may_look_at(rendering: Rendering, facts: set[str]) -> None:
    assert varies_with(Shape(rendering=rendering)) == facts


def test_what_sees_no_place_varies_with_none() -> None:
    looking = Rendering({"k": "{{ .Cluster }}{{ .Namespace }}"}, root=Root.VALUES)
    assert varies_with(Shape(rendering=looking)) == frozenset()


def test_literals_are_looked_at_without_reading_anything() -> None:
    literal = TemplateLiteral("k: {{ .Cluster.name }}", "spec.x")
    assert varies_with(Shape(rendering=Rendering(items=(literal,)))) == {"cluster"}


def test_merging_leaves_what_a_type_asks_for_to_others() -> None:
    merging = Shape("kubernetes.io/tls", write_mode=WriteMode.MERGE)
    assert content_of(merging, SecretData({"a": SecretValue(b"b")})).type == "kubernetes.io/tls"
