# SPDX-License-Identifier: Apache-2.0
import asyncio
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog

from keyfleet.observe.crashes import log_loop_exception, log_uncaught

CANARY = "kf-canary-crash"


@pytest.fixture
def hooks() -> Iterator[None]:
    before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    log_uncaught()
    yield
    sys.excepthook, threading.excepthook, sys.unraisablehook = before


@pytest.mark.usefixtures("hooks")
def test_uncaught_exceptions_are_logged_and_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    error = ValueError(CANARY)
    with structlog.testing.capture_logs() as events:
        sys.excepthook(ValueError, error, None)
    assert events == [
        {"event": "process.crashed", "log_level": "critical", "stage": "process", "exc_info": error}
    ]
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("hooks")
def test_an_interrupt_is_no_crash() -> None:
    with structlog.testing.capture_logs() as events:
        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert events == []


@pytest.mark.usefixtures("hooks")
def test_threads_count_too() -> None:
    def fail() -> None:
        raise ValueError(CANARY)

    with structlog.testing.capture_logs() as events:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    assert [event["event"] for event in events] == ["process.crashed"]


async def test_the_loops_own_findings_are_logged() -> None:
    error = ValueError(CANARY)
    with structlog.testing.capture_logs() as events:
        log_loop_exception(asyncio.get_running_loop(), {"message": "lost", "exception": error})
    assert [(event["event"], event["what"]) for event in events] == [
        ("process.task_failed", "lost")
    ]
