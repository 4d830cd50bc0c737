"""Whatever happens becomes an exit code and a clear text."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from keyfleet.base.errors import DeniedError, KeyfleetError, UnreachableError
from keyfleet.cli import version
from keyfleet.cli.options import NO_OPTIONS, Common

Cli = Callable[..., int]

HEAVY = ("aiohttp", "asyncio", "structlog", "keyfleet.engine", "keyfleet.app", "yaml")


def _raise(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*, common: Common = NO_OPTIONS) -> None:
        raise error

    monkeypatch.setattr(version, "version", fail)


def test_version_prints_the_version(cli: Cli, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli("version") == 0
    assert capsys.readouterr().out.count(".") == 2


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("status", "--nonsense"),
        ("status", "-o", "xml"),
        ("plan", "a/b/c"),
        ("plan", "no-namespace"),
        ("wait", "a/b", "--timeout", "soon"),
        ("wait",),
        ("apply",),
        ("validate",),
        ("demo", "--clusters", "1"),
        ("completion", "powershell"),
        ("status", "--context"),
        ("run", "--members", "some"),
    ],
)
def test_usage_errors_are_2(
    cli: Cli, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert cli(*words) == 2
    taken = capsys.readouterr()
    assert taken.out == ""
    assert taken.err.startswith("Error: ")
    assert "Traceback" not in taken.err


def test_no_kubeconfig_is_2(cli: Cli, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli("status") == 2
    assert "kubeconfig.no_context" in capsys.readouterr().err


def test_an_error_is_told_with_hint_and_code(
    cli: Cli, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _raise(monkeypatch, DeniedError("a.code", "text", "subject", hint="do this"))
    assert cli("version") == 4
    assert capsys.readouterr().err == "Error: text: subject\nHint: do this\nDocs: a.code\n"


def test_several_errors_are_all_told_and_mixed_causes_are_3(
    cli: Cli, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inner: list[KeyfleetError] = [DeniedError("a.one", "one"), UnreachableError("a.two", "two")]
    _raise(monkeypatch, ExceptionGroup("several", inner))
    assert cli("version") == 3
    assert "a.one" in (err := capsys.readouterr().err)
    assert "a.two" in err


def test_a_bug_quotes_nothing_and_shows_no_traceback(
    cli: Cli, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _raise(monkeypatch, ValueError("kf-canary-1"))
    assert cli("version") == 3
    err = capsys.readouterr().err
    assert "ValueError" in err
    assert "Traceback" not in err
    assert "File" not in err


def test_tracebacks_come_with_vv(
    cli: Cli, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _raise(monkeypatch, ValueError("kf-canary-1"))
    assert cli("-vv", "version") == 3
    assert "test_running.py" in capsys.readouterr().err


def test_ctrl_c_is_130(
    cli: Cli, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _raise(monkeypatch, KeyboardInterrupt())
    assert cli("version") == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("words", ["['version']", "['--help']", "['version', '--help']"])
def test_help_and_version_import_nothing_heavy(words: str) -> None:
    """What takes long to import is imported by the commands that need it."""
    script = (
        "import sys; from keyfleet.cli.running import run; "
        f"code = run({words}); print([name for name in {HEAVY} if name in sys.modules], "
        "file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    assert done.stderr == "[]\n"
