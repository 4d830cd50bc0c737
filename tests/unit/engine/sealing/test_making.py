# SPDX-License-Identifier: Apache-2.0
from keyfleet.engine.sealing.keysecrets import KeySecrets
from keyfleet.engine.sealing.making import name_of_next
from keyfleet.engine.sealing.settings import SealingSettings

SETTINGS = SealingSettings()


def named(place: str, salt: int = 0) -> str:
    return name_of_next(SETTINGS, KeySecrets(), salt, place)


def test_whoever_asks_again_for_the_same_key_asks_for_the_same_name() -> None:
    assert named("east") == named("east")
    assert named("east", 1) != named("east")


def test_first_keys_of_two_clusters_have_two_names() -> None:
    """`kubectl get -o yaml | kubectl apply` into another cluster must not replace its key."""
    assert named("east") != named("west")
