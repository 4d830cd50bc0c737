# SPDX-License-Identifier: Apache-2.0
"""Hear how watches fare, beside whoever else observes them."""

from collections.abc import Callable
from typing import cast

from keyfleet.base.log import Hooks


def relay(hooks: Hooks, on_state: Callable[[str], None]) -> Hooks:
    """Return hooks that pass everything on and tell `on_state` each new state of a watch."""
    return cast("Hooks", _Relay(hooks, on_state))


class _Relay:
    def __init__(self, hooks: Hooks, on_state: Callable[[str], None]) -> None:
        self._hooks = hooks
        self._on_state = on_state

    def watch_changed(self, cluster: str, resource: str, state: str, watch: str = "") -> None:
        """A watch changed its state."""
        self._hooks.watch_changed(cluster, resource, state, watch)
        self._on_state(state)

    def __getattr__(self, name: str) -> object:
        return getattr(self._hooks, name)
