"""The flags that `seal` and `unseal` share: what is said of those that are wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.options import Common, Format
from keyfleet.cli.sealing.files.documents import Style
from keyfleet.cli.sealing.options.flags import Streams

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


@pytest.mark.parametrize("output", ["table", "wide", "name"])
def test_manifests_are_no_table(output: str) -> None:
    with pytest.raises(InvalidInputError, match="unsupported output format") as caught:
        Streams().style(Common(output=Format(output)))
    assert caught.value.hint == "use json or yaml"


def test_the_file_counts_before_the_flag_and_the_flag_before_format() -> None:
    json, given = Common(output=Format.JSON), Streams(format="yaml")
    assert Streams(sealed_secret_file="a.yml").style(json) is Style.YAML
    assert (given.style(json), given.style(Common())) == (Style.JSON, Style.YAML)
    assert Streams().style(Common(), Style.YAML) is Style.YAML
