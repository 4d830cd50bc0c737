"""The reference page says what the program says."""

from pathlib import Path

from keyfleet.cli.exits import Exit
from keyfleet.cli.program import COMMANDS
from keyfleet.cli.reference import cli_page

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "cli.md"


def test_the_page_is_current() -> None:
    """`make docs` writes it."""
    assert cli_page() == PAGE.read_text()


def test_the_page_holds_every_command_and_code() -> None:
    page = cli_page()
    assert not [name for name, _, _ in COMMANDS if f"\n## {name}\n" not in page]
    assert not [code for code in Exit if f"\n| {code.value} |" not in page]
