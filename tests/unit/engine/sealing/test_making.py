# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, datetime, timedelta

from keyfleet.engine.sealing.keysecrets import KeySecrets
from keyfleet.engine.sealing.making import NAME_PERIOD_S, name_of_next
from keyfleet.engine.sealing.settings import SealingSettings

SETTINGS = SealingSettings()
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def named(place: str, salt: int = 0, after_s: float = 0.0) -> str:
    return name_of_next(SETTINGS, KeySecrets(), salt, place, NOON + timedelta(seconds=after_s))


def test_whoever_asks_again_for_the_same_key_asks_for_the_same_name() -> None:
    assert named("east") == named("east", after_s=NAME_PERIOD_S / 2)
    assert named("east", 1) != named("east")


def test_first_keys_of_two_clusters_have_two_names() -> None:
    """`kubectl get -o yaml | kubectl apply` into another cluster must not replace its key."""
    assert named("east") != named("west")


def test_the_key_after_a_loss_leaves_the_name_of_the_lost_one_free() -> None:
    """A backup of that one is restored beside it."""
    assert named("east") != named("east", after_s=NAME_PERIOD_S)
