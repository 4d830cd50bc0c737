"""The flags that `seal` and `unseal` share: what they refuse before anything is read."""

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
