# SPDX-License-Identifier: Apache-2.0
"""Manifests of a widely read guide, as printed there."""

from typing import Any

import pytest

from keyfleet.base.codec import decode_yaml
from keyfleet.dialects.eso.translate import translate
from keyfleet.model.eso.stores import store_of
from keyfleet.model.intent import Origin
from keyfleet.model.places import ClusterName
from keyfleet.model.refresh import Refresh
from keyfleet.model.stores import How, Query, StoreRead, StoreRef

STORE = """\
apiVersion: external-secrets.io/v1beta1
kind: SecretStore
metadata:
  name: {name}
  namespace: default
spec:
  provider:
    aws:
      service: SecretsManager
      region: {region}
      auth:
        jwt:
          serviceAccountRef:
            name: external-secrets-sa
"""
SECRET = """\
apiVersion: external-secrets.io/v1beta1
kind: ExternalSecret
metadata:
  name: database-credentials
  namespace: default
spec:
  refreshInterval: 1h
  secretStoreRef:
    name: aws-secrets-manager
    kind: SecretStore
  target:
    name: database-credentials
    creationPolicy: Owner
  data:
  - secretKey: username
    remoteRef:
      key: prod/database/credentials
      property: username
  - secretKey: password
    remoteRef:
      key: prod/database/credentials
      property: password
  - secretKey: connection-string
    remoteRef:
      key: prod/database/credentials
      property: connection_string
"""
ROTATION = """\
apiVersion: external-secrets.io/v1beta1
kind: ExternalSecret
metadata:
  name: database-credentials
  namespace: default
spec:
  refreshInterval: 15m  # Check for updates every 15 minutes
  secretStoreRef:
    name: aws-secrets-manager
    kind: SecretStore
  target:
    name: database-credentials
    creationPolicy: Owner
    deletionPolicy: Retain
"""
EAST = ClusterName("east")
ORIGIN = Origin("eso", "ExternalSecret", "default", "database-credentials", cluster=EAST)


def manifest(text: str) -> dict[str, Any]:
    (document,) = decode_yaml(text.encode(), subject="")
    found: dict[str, Any] = document.content
    return found


@pytest.mark.parametrize(
    ("name", "region"),
    [("aws-secrets-manager", "us-east-1"), ("aws-secrets-manager-us-west", "us-west-2")],
)
def test_stores(name: str, region: str) -> None:
    ref = StoreRef("SecretStore", name, "default", EAST)
    store = store_of(manifest(STORE.format(name=name, region=region)), ref, "default")
    assert (store.provider, store.namespace) == ("aws", "default")
    assert (store.config["service"], store.config["region"]) == ("SecretsManager", region)


def test_the_secret() -> None:
    (intent,) = translate(manifest(SECRET), ORIGIN).intents
    store = StoreRef("SecretStore", "aws-secrets-manager", "default", EAST)
    fields = ("username", "password", "connection_string")
    assert [read.ref for read in intent.reads] == [
        StoreRead(store, Query(How.VALUE, "prod/database/credentials", field)) for field in fields
    ]
    assert intent.shape.assembly is not None
    keys = [piece.secret_key for piece in intent.shape.assembly.pieces]
    assert keys == ["username", "password", "connection-string"]
    assert isinstance(intent.refresh, Refresh)
    assert intent.refresh.interval is not None
    assert intent.refresh.interval.total_seconds() == 3600
    assert intent.targets.name == "database-credentials"


def test_the_excerpt_about_rotation_says_no_data_and_is_refused_as_upstream_does() -> None:
    (rejection,) = translate(manifest(ROTATION), ORIGIN).rejections
    assert rejection.message == "either data or dataFrom should be specified"
    whole = manifest(ROTATION)
    whole["spec"]["data"] = manifest(SECRET)["spec"]["data"]
    (intent,) = translate(whole, ORIGIN).intents
    assert intent.refresh is not None
    assert intent.refresh.interval is not None
    assert intent.refresh.interval.total_seconds() == 900
