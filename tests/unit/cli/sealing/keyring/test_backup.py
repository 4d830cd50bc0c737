# SPDX-License-Identifier: Apache-2.0
"""What of a backup is put into a cluster, whoever wrote the file."""

import pytest

from keyfleet.base.errors import DeniedError
from keyfleet.cli.sealing.keyring.backup import KEY_OF, KeptSecret, manifest_of
from keyfleet.engine.sealing.keysecrets import KEY_LABEL
from keyfleet.kube.objects import Metadata, SecretObject
from keyfleet.model.v1alpha1.limits import SPECIAL_TYPES


def kept(secret_type: str) -> KeptSecret:
    metadata = Metadata(
        "bootstrap-token-abcdef",
        "kube-system",
        labels={KEY_LABEL: "active"},
        annotations={KEY_OF: "east"},
    )
    return KeptSecret("east", SecretObject(metadata, secret_type, {}))


@pytest.mark.parametrize("secret_type", sorted(SPECIAL_TYPES))
def test_restores_nothing_that_is_more_than_a_key(secret_type: str) -> None:
    """Whoever knows the recipients can write what opens like a backup, with a token in it."""
    with pytest.raises(DeniedError) as caught:
        manifest_of(kept(secret_type))
    assert caught.value.code == "keys.type"


@pytest.mark.parametrize("secret_type", ["kubernetes.io/tls", "Opaque"])
def test_restores_keys_without_what_the_backup_noted(secret_type: str) -> None:
    found = manifest_of(kept(secret_type))
    assert found["type"] == secret_type
    assert found["metadata"]["annotations"] == {}
