"""The flags that `seal` and `unseal` share: what is said of those that are wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., int]


@pytest.mark.parametrize("command", ["seal", "unseal"])
def test_a_folder_is_no_file_to_write(
    cli: Cli, capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str
) -> None:
    assert cli(command, "-w", str(tmp_path)) == 2
    said = capsys.readouterr().err
    assert f"a folder cannot be written: --sealed-secret-file: {tmp_path}" in said
    assert "cli.usage" in said


def test_a_bare_value_is_told_the_only_place_that_can_say_its_namespace(
    cli: Cli, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli("seal", "--raw", "--name", "db", "--cert", "absent.pem") == 2
    said = capsys.readouterr().err
    assert "sealing.no_namespace" in said
    assert "Hint: give --namespace\n" in said
