# SPDX-License-Identifier: Apache-2.0
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
import structlog

from keyfleet.base.log import get_logger
from keyfleet.base.secret import SecretValue
from keyfleet.observe.logs import LogFormat, configure_logging, level_of

CANARY = "kf-canary-log"

# pytest's own handler sees the records of libraries as they were made.
unredacted_for_pytest = pytest.mark.reveals_canary("pytest shows what libraries logged")


@pytest.fixture
def restored() -> Iterator[None]:
    root = logging.getLogger()
    level, raising = root.level, logging.raiseExceptions
    with warnings.catch_warnings():
        yield
        logging.captureWarnings(capture=False)
    for handler in _ours():
        root.removeHandler(handler)
    root.setLevel(level)
    logging.raiseExceptions = raising
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def configured(restored: None) -> Callable[..., StringIO]:
    def configure(verbosity: int = 2, log_format: LogFormat = LogFormat.JSON) -> StringIO:
        stream = StringIO()
        configure_logging(verbosity, log_format=log_format, stream=stream)
        return stream

    return configure


def _ours() -> list[logging.Handler]:
    handlers = logging.getLogger().handlers
    return [handler for handler in handlers if type(handler).__module__.startswith("keyfleet")]


def _events(stream: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_line_with_level_time_and_stage(configured: Any) -> None:
    stream = configured()
    get_logger("delivery").info("delivery.written", cluster="east", took_ms=3)
    (event,) = _events(stream)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "delivery.written",
        "level": "info",
        "stage": "delivery",
        "cluster": "east",
        "took_ms": 3,
    }


def test_bound_context_is_part_of_every_event(configured: Any) -> None:
    stream = configured()
    with structlog.contextvars.bound_contextvars(intent="FleetSecret/a/b"):
        get_logger("plan").info("plan.decided")
        logging.getLogger("aiohttp").warning("library text")
    assert [event["intent"] for event in _events(stream)] == ["FleetSecret/a/b"] * 2


@unredacted_for_pytest
def test_libraries_pass_the_same_chain(configured: Any) -> None:
    stream = configured()
    logging.getLogger("aiohttp.client").warning("GET https://u:%s@host", CANARY)
    (event,) = _events(stream)
    assert event["event"] == "GET https://***@host"
    assert (event["library"], event["level"]) == ("aiohttp.client", "warning")


@unredacted_for_pytest
def test_python_warnings_pass_the_same_chain(configured: Any) -> None:
    stream = configured()
    warnings.simplefilter("always")
    warnings.warn("password=" + CANARY, stacklevel=1)
    assert CANARY not in stream.getvalue()
    assert _events(stream)[0]["library"] == "py.warnings"


@unredacted_for_pytest
@pytest.mark.parametrize("log_format", list(LogFormat))
def test_no_form_of_a_secret_is_written(configured: Any, log_format: LogFormat) -> None:
    stream = configured(log_format=log_format)
    log = get_logger("sources")
    try:
        int(CANARY)
    except ValueError as error:
        log.exception("source.failed", value=SecretValue(CANARY.encode()), raw=CANARY.encode())
        log.warning("source.failed", exc_info=error)
        logging.getLogger("x").exception("library failed", extra={"token": CANARY})
    log.info("source.read", token=CANARY, nested={"data": {"k": CANARY}}, error=ValueError(CANARY))
    text = stream.getvalue()
    assert CANARY not in text
    assert text.count("Traceback (most recent call last)") == 3
    assert "int(CANARY)" in text, "source lines help and hold no values"


def test_a_library_record_that_cannot_be_formatted_prints_nothing(
    configured: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    configured()
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "%d", (CANARY,), None)
    for handler in _ours():
        handler.handle(record)
    assert capsys.readouterr().err == ""


def test_text_for_people_cannot_be_forged_by_names(configured: Any) -> None:
    stream = configured(log_format=LogFormat.TEXT)
    get_logger("plan").info("plan.decided", name="a\n2026 [error] forged\x1b[2J\u202e")
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert "\x1b[2J" not in text
    assert "\\n2026 [error] forged" in text


def test_text_has_no_colours_where_nobody_sees_them(configured: Any) -> None:
    stream = configured(log_format=LogFormat.TEXT)
    get_logger("plan").error("plan.failed", cluster="east")
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(
    ("verbosity", "level"),
    [(-2, "ERROR"), (-1, "ERROR"), (0, "WARNING"), (1, "INFO"), (2, "DEBUG"), (4, "DEBUG")],
)
def test_each_v_shows_one_level_more(verbosity: int, level: str) -> None:
    assert level_of(verbosity) == getattr(logging, level)


def test_libraries_are_one_step_quieter(configured: Any) -> None:
    stream = configured(verbosity=1)
    get_logger("plan").info("plan.decided")
    get_logger("plan").debug("plan.unchanged")
    logging.getLogger("asyncio").info("a library's news")
    assert [event["event"] for event in _events(stream)] == ["plan.decided"]


def test_setting_up_again_replaces_what_was_set_up(configured: Any) -> None:
    first, second = configured(), configured()
    logging.getLogger("x").warning("once")
    get_logger("plan").info("plan.decided")
    assert first.getvalue() == ""
    assert len(_events(second)) == 2


def test_what_json_cannot_hold_does_not_fail_the_call(configured: Any) -> None:
    stream = configured()
    get_logger("plan").info("plan.decided", a=2**80, b="\ud800", c=object(), d=float("nan"))
    assert len(_events(stream)) == 1
