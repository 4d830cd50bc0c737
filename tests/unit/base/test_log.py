# SPDX-License-Identifier: Apache-2.0
import inspect

import structlog

from keyfleet.base.log import Hooks, NoHooks, get_logger


def test_every_event_carries_its_stage() -> None:
    with structlog.testing.capture_logs() as events:
        get_logger("plan").info("plan.decided", cluster="east")
    assert events == [
        {"event": "plan.decided", "log_level": "info", "stage": "plan", "cluster": "east"}
    ]


def test_observing_nothing_offers_every_hook() -> None:
    hooks: Hooks = NoHooks()
    asked = [name for name, _ in inspect.getmembers(Hooks, inspect.isfunction) if name[0] != "_"]
    for name in asked:
        hook = getattr(hooks, name)
        assert inspect.signature(hook) == inspect.signature(getattr(NoHooks(), name))
        hook(*("x" for _ in inspect.signature(hook).parameters))
