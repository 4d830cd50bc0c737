# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.stores import How, Query, Search
from keyfleet.sources.remotecluster.questions import Matching, One, question


def test_asks_once_for_all_that_is_wanted_of_one_secret() -> None:
    queries = [
        Query(How.VALUE, "db", "password"),
        Query(How.VALUE, "db", "user", "2"),
        Query(How.MAP, "db"),
        Query(How.VALUE, "db", is_metadata=True),
    ]
    assert {question(query) for query in queries} == {One("db")}
    assert question(Query(How.MAP, "db.2")) == One("db.2")


def test_searches_by_labels_rather_than_by_name() -> None:
    tags = (("app.kubernetes.io/name", "web"), ("team", ""))
    both = Search("^db", tags)
    wanted = Matching(labels="app.kubernetes.io/name=web,team=")
    assert question(Query(How.SEARCH, search=both)) == wanted
    assert question(Query(How.SEARCH, search=Search("^db"))) == Matching(expression="^db")


def test_says_what_was_searched() -> None:
    assert str(Matching(labels="a=b")) == "a=b"
    assert str(Matching(expression="^db")) == "^db"


@pytest.mark.parametrize(
    "query",
    [
        *(Query(How.VALUE, key) for key in ("", "..", ".", "a/b", "A", "a_b", "a" * 254, "a?b")),
        Query(How.GENERATE),
        Query(How.SEARCH),
        Query(How.SEARCH, search=Search(path="db")),
        Query(How.SEARCH, search=Search("(")),
        Query(How.SEARCH, search=Search(tags=(("a", "b,c!=d"),))),
        Query(How.SEARCH, search=Search(tags=(("a in (b)", ""),))),
        Query(How.SEARCH, search=Search(tags=(("a", "b" * 64),))),
        Query(How.SEARCH, search=Search(tags=(("x/y/z", "b"),))),
    ],
)
def test_refuses_what_a_cluster_cannot_be_asked(query: Query) -> None:
    with pytest.raises(InvalidIntentError) as caught:
        question(query)
    assert caught.value.code == "store.query"
