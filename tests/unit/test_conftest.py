# SPDX-License-Identifier: Apache-2.0
"""The canary check of tests/conftest.py, tried on a suite that leaks in every way."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

SETTINGS = """
[pytest]
log_level = DEBUG
asyncio_default_fixture_loop_scope = function
markers = reveals_canary(reason)
"""

SUITE = """
import base64, logging, subprocess, sys
import pytest, structlog

SECRET = "kf-" + "canary-1"

def test_leaks_on_stdout():
    print(SECRET)

def test_leaks_on_stderr():
    print(SECRET, file=sys.stderr)

def test_leaks_in_base64():
    print(base64.b64encode(b"ab" + SECRET.encode()).decode())

def test_leaks_in_a_stdlib_log():
    logging.getLogger("a").debug("got %s", SECRET)

def test_leaks_in_a_structlog_event():
    structlog.get_logger().info("source.read", value=SECRET)

def test_leaks_from_a_child_process():
    subprocess.run([sys.executable, "-c", f"print({SECRET!r})"])

def test_leaks_into_output_it_takes(capsys):
    print(SECRET)
    capsys.readouterr()

def test_leaks_nothing(capsys):
    print("InSync")
    assert capsys.readouterr().out == "InSync\\n"

@pytest.mark.reveals_canary("unseal prints the value")
def test_shows_a_value_on_purpose():
    print(SECRET)
"""


@pytest.mark.reveals_canary("the suite inside prints what it found")
@pytest.mark.timeout(120, func_only=True)  # a whole run of pytest, with a child of its own
def test_fails_whatever_shows_a_secret_and_nothing_else(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where the real one takes its fixtures from.
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    pytester.makeconftest((Path(__file__).parents[1] / "conftest.py").read_text())
    pytester.makeini(SETTINGS)
    pytester.makepyfile(SUITE)
    result = pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:cacheprovider")
    result.assert_outcomes(failed=SUITE.count("def test_leaks_") - 1, passed=2)
    result.stdout.no_fnmatch_line("FAILED *test_leaks_nothing*")
