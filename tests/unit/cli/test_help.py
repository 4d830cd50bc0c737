"""Help pages are plain text that fits."""

from collections.abc import Callable

import pytest

from keyfleet.cli.program import COMMANDS, program_name
from keyfleet.cli.reference import FURTHER

Cli = Callable[..., int]
NAMES = [name for name, _, _ in COMMANDS]


@pytest.mark.parametrize("name", [*NAMES, *FURTHER])
def test_help_of_every_command(cli: Cli, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert cli(*name.split(), "--help") == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Usage: keyfleet {name}")
    assert out.isascii()
    assert max(map(len, out.splitlines())) <= 80
    assert "STR" not in out
    assert "[default:" not in out


def test_help_lists_every_command(
    cli: Cli, capsys: pytest.CaptureFixture[str], golden: Callable[[str, str], None]
) -> None:
    assert cli("--help") == 0
    golden("help", capsys.readouterr().out)


def test_the_name_is_how_it_was_called() -> None:
    assert program_name("/usr/bin/kubectl-keyfleet") == "kubectl keyfleet"
    assert program_name("/x/keyfleet") == "keyfleet"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_commands_and_flags(
    cli: Cli, capsys: pytest.CaptureFixture[str], shell: str
) -> None:
    assert cli("completion", shell) == 0
    out = capsys.readouterr().out
    for word in (*NAMES, "trust", "context", "kubeconfig"):
        assert word in out
