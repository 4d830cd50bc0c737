"""Whether anybody is there to do what a command asks for."""

from datetime import timedelta
from typing import Any, cast

import pytest

from keyfleet.base.clock import micro_timestamp
from keyfleet.base.errors import DeniedError, UnreachableError
from keyfleet.cli.controller import require_controller
from keyfleet.cli.hub import Hub
from keyfleet.testing.clock import FakeClock


class _Client:
    def __init__(self, answer: dict[str, Any] | Exception | None) -> None:
        self._answer = answer

    async def find(self, *_: Any, **__: Any) -> dict[str, Any] | None:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def _hub(answer: dict[str, Any] | Exception | None) -> Hub:
    nothing = cast("Any", None)
    return Hub(cast("Any", _Client(answer)), nothing, nothing, nothing, FakeClock())


def _lease(holder: str, ago: timedelta) -> dict[str, Any]:
    renewed = micro_timestamp(FakeClock().now() - ago)
    return {"spec": {"holderIdentity": holder, "renewTime": renewed, "leaseDurationSeconds": 15}}


@pytest.mark.parametrize("ago", [timedelta(), timedelta(seconds=40), timedelta(seconds=-20)])
async def test_a_held_lease_is_a_controller(ago: timedelta) -> None:
    """Clocks of two machines differ by some seconds."""
    await require_controller(_hub(_lease("me", ago)))


@pytest.mark.parametrize(
    "answer",
    [None, {}, _lease("", timedelta()), _lease("me", timedelta(minutes=5))],
)
async def test_nobody_there_is_said_at_once(answer: dict[str, Any] | None) -> None:
    with pytest.raises(UnreachableError) as caught:
        await require_controller(_hub(answer))
    assert "keyfleet run" in caught.value.hint


async def test_who_may_not_look_goes_on() -> None:
    await require_controller(_hub(DeniedError("api.forbidden", "forbidden")))
