"""Tables as kubectl prints them."""

from keyfleet.cli.tables import Column, table
from keyfleet.cli.terminal import Look

COLUMNS = (Column("NAME"), Column("STATE"), Column("UID", is_wide=True))


def test_columns_are_aligned_and_nothing_is_cut() -> None:
    long = "x" * 100
    text = table(COLUMNS, [("a", "InSync", "1"), (long, "", "2")], Look(), wide=False)
    head, first, second = text.splitlines()
    assert head.index("STATE") == first.index("InSync") == second.index("-")
    assert long in second


def test_wide_columns_are_for_wide() -> None:
    assert "UID" not in table(COLUMNS, [], Look(), wide=False)
    assert "UID" in table(COLUMNS, [], Look(), wide=True)


def test_a_text_of_several_lines_stays_in_its_row() -> None:
    assert len(table(COLUMNS, [("a\nb", "x", "")], Look(), wide=False).splitlines()) == 2


def test_colours_change_no_width() -> None:
    rows = [("a", "InSync", ""), ("b", "Failed", "")]
    plain = table(COLUMNS, rows, Look(), wide=True)
    painted = table(COLUMNS, rows, Look(has_colours=True), wide=True)
    assert "\x1b[32mInSync\x1b[0m" in painted
    assert plain == painted.replace("\x1b[32m", "").replace("\x1b[31m", "").replace("\x1b[0m", "")
