# SPDX-License-Identifier: Apache-2.0
"""The kinds of the dialect, and that it is what the engine asks for."""

from tests.unit.dialects.eso.manifests import external_secret, origin

from keyfleet.dialects.eso import DIALECT, dialect
from keyfleet.model.eso.stores import SUPPORTED_GENERATORS
from keyfleet.plugin import Role, StoreDialect, Translation
from keyfleet.plugin.parents import ParentDialect


def test_it_has_stores_and_parents_too() -> None:
    stores: StoreDialect = DIALECT
    parents: ParentDialect = DIALECT
    assert stores.name == parents.name == "eso"


def test_every_kind_counts_where_it_is_found_and_is_another_tools() -> None:
    assert all(kind.is_for_members and kind.is_foreign for kind in DIALECT.kinds)
    roles = {kind.resource.kind: kind.role for kind in DIALECT.kinds}
    assert roles["ExternalSecret"] is Role.INTENT
    assert roles["ClusterSecretStore"] is Role.STORE
    assert roles["ClusterExternalSecret"] is Role.PARENT
    made = {kind for kind, role in roles.items() if role is Role.GENERATOR}
    assert made == SUPPORTED_GENERATORS


def test_only_generators_have_no_status() -> None:
    assert all(kind.has_status is (kind.role is not Role.GENERATOR) for kind in DIALECT.kinds)


def test_both_versions_are_served() -> None:
    versions = {kind.resource.kind: kind.versions for kind in DIALECT.kinds}
    assert versions["ExternalSecret"] == ("v1beta1",)
    assert versions["Password"] == ()


def test_paths_are_those_that_upstream_serves() -> None:
    paths = {kind.resource.kind: kind.resource.path(namespace="a") for kind in DIALECT.kinds}
    assert paths["ExternalSecret"] == "/apis/external-secrets.io/v1/namespaces/a/externalsecrets"
    assert paths["ClusterSecretStore"] == "/apis/external-secrets.io/v1/clustersecretstores"
    generators = "/apis/generators.external-secrets.io/v1alpha1"
    assert paths["SSHKey"] == f"{generators}/namespaces/a/sshkeys"
    assert paths["ClusterGenerator"] == f"{generators}/clustergenerators"


def test_some_namespaces_may_be_ours_alone() -> None:
    limited = dialect("mine", namespaces=("other",))
    assert limited.controller_class == "mine"
    assert limited.translate(external_secret(), origin()) == Translation()
