"""`keyfleet version` in every format."""

from collections.abc import Callable

import msgspec
import pytest

from keyfleet import __version__

Cli = Callable[..., int]


@pytest.mark.parametrize("output", ["table", "wide", "name"])
def test_plain(cli: Cli, capsys: pytest.CaptureFixture[str], output: str) -> None:
    assert cli("version", "-o", output) == 0
    assert capsys.readouterr().out == f"{__version__}\n"


def test_json_before_the_command(cli: Cli, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli("-o", "json", "version") == 0
    assert {"version": __version__} == msgspec.json.decode(capsys.readouterr().out)


def test_yaml_by_environment(cli: Cli, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli("version", KEYFLEET_OUTPUT="yaml") == 0
    assert capsys.readouterr().out == f"version: {__version__}\n"
