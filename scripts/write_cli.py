# SPDX-License-Identifier: Apache-2.0
"""Write docs/reference/cli.md from the help pages; a test fails when it is stale."""

from pathlib import Path

from keyfleet.cli.reference import cli_page

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "cli.md"


def main() -> None:
    """Write the page."""
    PAGE.write_text(cli_page())


if __name__ == "__main__":
    main()
