# SPDX-License-Identifier: Apache-2.0
"""Requests as the API server expects them."""

from urllib.parse import parse_qs, urlsplit

import pytest

from keyfleet.base import codec
from keyfleet.base.secret import SecretValue
from keyfleet.kube import requests
from keyfleet.kube.requests import PARTIAL, Request, Selection, Wait
from keyfleet.kube.resources import FLEETCLUSTERS, FLEETSECRETS, SECRETS

BODY = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "b", "namespace": "a"}}


def parameters(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.target).query).items()}


def path(request: Request) -> str:
    return urlsplit(request.target).path


WRITES = [
    requests.create(SECRETS, BODY),
    requests.replace(SECRETS, BODY),
    requests.apply(SECRETS, BODY),
    requests.json_patch(SECRETS, "b", [], namespace="a"),
    requests.merge_patch(SECRETS, "b", {}, namespace="a"),
]


@pytest.mark.parametrize("request_", WRITES)
def test_every_write_names_the_field_manager_and_refuses_unknown_fields(request_: Request) -> None:
    assert parameters(request_) == {"fieldManager": "keyfleet", "fieldValidation": "Strict"}


@pytest.mark.parametrize("request_", WRITES)
def test_no_write_wants_the_values_back(request_: Request) -> None:
    assert request_.accept == PARTIAL


@pytest.mark.parametrize(
    ("request_", "verb", "method", "content_type"),
    [
        (WRITES[0], "create", "POST", "application/json"),
        (WRITES[1], "update", "PUT", "application/json"),
        (WRITES[2], "patch", "PATCH", "application/apply-patch+yaml"),
        (WRITES[3], "patch", "PATCH", "application/json-patch+json"),
        (WRITES[4], "patch", "PATCH", "application/merge-patch+json"),
    ],
)
def test_verbs_are_named_as_rbac_names_them(
    request_: Request, verb: str, method: str, content_type: str
) -> None:
    assert (verb, method) == (request_.verb, request_.method)
    assert content_type == request_.content_type


def test_a_value_is_encoded_as_base64_and_nothing_else_unknown_is_sent() -> None:
    body = {"data": {"k": SecretValue(b"kf-canary-v")}}
    assert requests.encode_body(body) == b'{"data":{"k":"a2YtY2FuYXJ5LXY="}}'
    with pytest.raises(TypeError, match="object cannot be sent"):
        requests.encode_body({"x": object()})


def test_creates_in_the_namespace_of_the_body_unless_told() -> None:
    assert path(requests.create(SECRETS, BODY)) == "/api/v1/namespaces/a/secrets"
    assert path(requests.create(SECRETS, BODY, namespace="c")) == "/api/v1/namespaces/c/secrets"


def test_force_is_sent_only_when_asked_for() -> None:
    assert "force" not in parameters(requests.apply(SECRETS, BODY))
    assert parameters(requests.apply(SECRETS, BODY, force=True))["force"] == "true"


def test_a_subresource_follows_the_name() -> None:
    body = {"metadata": {"name": "east"}}
    request = requests.replace(FLEETCLUSTERS, body, subresource="status")
    assert path(request) == "/apis/keyfleet.io/v1alpha1/fleetclusters/east/status"


def test_a_delete_carries_what_was_seen() -> None:
    request = requests.delete(SECRETS, "b", namespace="a", uid="u", resource_version="7")
    options = codec.decode_json(request.body, subject="options")
    assert options["preconditions"] == {"uid": "u", "resourceVersion": "7"}
    bare = codec.decode_json(requests.delete(SECRETS, "b").body, subject="options")
    assert "preconditions" not in bare


def test_a_list_asks_for_pages_and_selects() -> None:
    selection = Selection("a", "keyfleet.io/hub=1,x in (a,b)", "type=Opaque")
    request = requests.list_page(SECRETS, selection=selection)
    expected = {
        "limit": "500",
        "labelSelector": "keyfleet.io/hub=1,x in (a,b)",
        "fieldSelector": "type=Opaque",
    }
    assert expected == parameters(request)
    assert Wait.LIST is request.wait


def test_a_list_may_be_not_older_than_a_version() -> None:
    found = parameters(requests.list_page(SECRETS, resource_version="7"))
    assert (found["resourceVersion"], found["resourceVersionMatch"]) == ("7", "NotOlderThan")


def test_a_watch_resumes_and_wants_bookmarks() -> None:
    found = parameters(requests.watch(SECRETS, resource_version="7", timeout_s=300))
    expected = {
        "watch": "true",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": "300",
        "resourceVersion": "7",
    }
    assert expected == found


def test_a_streamed_list_names_its_match_even_without_a_version() -> None:
    found = parameters(requests.watch(SECRETS, timeout_s=300, initial=True))
    assert (found["sendInitialEvents"], found["resourceVersionMatch"]) == ("true", "NotOlderThan")
    assert "resourceVersion" not in found


def test_discovery_asks_for_the_group_and_version() -> None:
    assert requests.served_kinds(FLEETSECRETS).target == "/apis/keyfleet.io/v1alpha1"
    assert requests.served_kinds(SECRETS).target == "/api/v1"


def test_an_access_review_leaves_out_what_was_not_asked() -> None:
    request = requests.access_review("get", SECRETS, namespace="a")
    body = codec.decode_json(request.body, subject="review")
    expected = {"verb": "get", "resource": "secrets", "namespace": "a"}
    assert expected == body["spec"]["resourceAttributes"]
