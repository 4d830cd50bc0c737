# SPDX-License-Identifier: Apache-2.0
"""Which queries share one question to AWS, and which cannot be asked."""

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.stores import How, Query, Search
from keyfleet.sources.aws.client import Client
from keyfleet.sources.aws.parameterstore import ParameterStore
from keyfleet.sources.aws.secretsmanager import SecretsManager

NO_CLIENT = cast("Client", None)
SERVICES: list[Any] = [SecretsManager, ParameterStore]
QUERIES = st.builds(
    Query,
    how=st.sampled_from([How.VALUE, How.MAP]),
    key=st.sampled_from(["db", "/db", "db:1"]),
    property=st.sampled_from(["", "a", "a.b"]),
    version=st.sampled_from(["", "AWSCURRENT", "AWSPREVIOUS", "uuid/1", "1"]),
    is_metadata=st.booleans(),
)


@pytest.mark.parametrize("service", SERVICES)
@given(query=QUERIES, prop=st.sampled_from(["", "b"]), how=st.sampled_from([How.VALUE, How.MAP]))
def test_parts_of_a_secret_share_its_read(service: Any, query: Query, prop: str, how: How) -> None:
    other = Query(how, query.key, prop, query.version, query.is_metadata)
    asked = service(NO_CLIENT)
    assert asked.request(query) == asked.request(other)
    assert hash(asked.request(query)) == hash(asked.request(other))


@given(one=QUERIES, other=QUERIES)
def test_secrets_and_versions_of_the_secrets_manager_never_share(one: Query, other: Query) -> None:
    def meaning(query: Query) -> tuple[str, str, bool]:
        version = "" if query.is_metadata else query.version or "AWSCURRENT"
        return query.key, version, query.is_metadata

    asked = SecretsManager(NO_CLIENT)
    assert (asked.request(one) == asked.request(other)) == (meaning(one) == meaning(other))


@given(one=QUERIES, other=QUERIES)
def test_parameters_share_by_the_name_that_is_asked_for(one: Query, other: Query) -> None:
    def meaning(query: Query) -> tuple[str, bool]:
        version = "" if query.is_metadata or not query.version else f":{query.version}"
        return query.key + version, query.is_metadata

    asked = ParameterStore(NO_CLIENT)
    assert (asked.request(one) == asked.request(other)) == (meaning(one) == meaning(other))


@pytest.mark.parametrize("service", SERVICES)
def test_prefix_is_part_of_the_question(service: Any) -> None:
    """Stores with different prefixes may share a principal and an endpoint."""
    query = Query(How.VALUE, "db")
    assert service(NO_CLIENT, "prod/").request(query) != service(NO_CLIENT).request(query)
    whole = Query(How.VALUE, "prod/db")
    assert service(NO_CLIENT, "prod/").request(query) == service(NO_CLIENT).request(whole)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "query",
    [
        Query(How.SEARCH),
        Query(How.SEARCH, search=Search()),
        Query(How.SEARCH, search=Search(path="/app")),
        Query(How.SEARCH, search=Search("(?=a)")),
        Query(How.SEARCH, search=Search("(", (("a", "b"),))),
        Query(How.VALUE),
        Query(How.MAP, property="a"),
        Query(How.GENERATE, "db"),
    ],
    ids=str,
)
def test_what_aws_cannot_be_asked_is_refused_before_it_is_asked(service: Any, query: Query) -> None:
    with pytest.raises(InvalidIntentError) as refused:
        service(NO_CLIENT).request(query)
    assert refused.value.code == "store.query"
