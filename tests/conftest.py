# SPDX-License-Identifier: Apache-2.0
"""What holds for every test: no secret value in any output, and a time limit by kind of test."""

import logging
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog
from tests.rigs import (
    kubeseal,
    moto,
    moto_server,
    openbao,
    oracle,
    prometheus,
    sealed_secrets_controller,
)

from keyfleet.testing.canary import CANARY_PREFIX, find_canary

__all__ = [
    "kubeseal",
    "moto",
    "moto_server",
    "openbao",
    "oracle",
    "prometheus",
    "sealed_secrets_controller",
]

SLOW_KINDS = ("cluster", "compat", "e2e")
"""Tests that ask real servers and programs."""
SLOW_TIMEOUT_S = 180
RERUNS = 1
"""How often such a test is tried again: a shared machine stalls them now and then. It
is named as RERUN in the summary, and what fails twice fails."""

# The machine may be shared: how long an example takes says nothing about the code.
hypothesis.settings.register_profile(
    "keyfleet",
    deadline=None,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("keyfleet")


def pytest_configure() -> None:
    """Let children be interrupted, also where the whole run was started in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests on real servers a longer limit, unless they name their own, and a second try."""
    here = Path(__file__).parent
    for item in items:
        is_slow = any(item.path.is_relative_to(here / kind) for kind in SLOW_KINDS)
        if is_slow:
            item.add_marker(pytest.mark.flaky(reruns=RERUNS))
        if is_slow and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SLOW_TIMEOUT_S, func_only=True))


def _may_reveal(item: pytest.Item) -> bool:
    return item.get_closest_marker("reveals_canary") is not None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that passed, but showed a secret on stdout, stderr or in a log.

    A hook and not a fixture, because a report holds all that was captured in all phases, also what
    other fixtures printed while they were taken down.
    """
    report = yield
    if report.outcome == "passed" and not _may_reveal(item):
        now = [(title, text) for title, text in report.sections if title.endswith(report.when)]
        leaks = [title for title, text in now if find_canary(text)]
        if leaks:
            report.outcome = "failed"
            report.longrepr = f"A secret value ({CANARY_PREFIX}...) shows in: {', '.join(leaks)}"
    return report


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Undo what a test that starts a command sets up: its stream is closed when the test ends."""
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.raiseExceptions)
    yield
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    root.setLevel(before[0])
    for handler in [one for one in root.handlers if one not in before[1]]:
        root.removeHandler(handler)
    logging.raiseExceptions = before[2]


@pytest.fixture(autouse=True)
def no_canary_in_outputs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Search what a test takes from `capsys` or `capfd` too: no report holds it any more."""
    if _may_reveal(request.node):
        return
    take = pytest.CaptureFixture[str].readouterr

    def readouterr(self: pytest.CaptureFixture[str]) -> object:
        taken = take(self)
        leaks = [name for name in ("out", "err") if find_canary(getattr(taken, name))]
        if leaks:
            pytest.fail(f"A secret value ({CANARY_PREFIX}...) shows in: std{', std'.join(leaks)}")
        return taken

    monkeypatch.setattr(pytest.CaptureFixture, "readouterr", readouterr)
