# SPDX-License-Identifier: Apache-2.0
"""What a watched collection is called."""

from keyfleet.kube.collection import Collection
from keyfleet.kube.decoding import METADATA
from keyfleet.kube.requests import Selection
from keyfleet.kube.resources import NAMESPACES, SECRETS


def test_is_called_as_requests_for_it_are() -> None:
    assert Collection(NAMESPACES, METADATA).subject("east") == "east/namespaces"
    chosen = Collection(SECRETS, METADATA, Selection("a", labels="x=1"))
    assert chosen.subject("east") == "east/a (secrets)"


def test_watches_of_one_kind_are_told_apart_by_what_they_choose_and_what_for() -> None:
    selections = (
        Selection(),
        Selection("a"),
        Selection(labels="x=1"),
        Selection(fields="x=1"),
    )
    watches = [
        Collection(SECRETS, METADATA, selection, purpose=purpose)
        for selection in selections
        for purpose in ("", "target", "source")
    ]
    assert len({watch.watch_name("east") for watch in watches}) == len(watches)
