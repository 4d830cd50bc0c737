"""One answer in every format."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from keyfleet.base.codec import decode_yaml
from keyfleet.cli.options import Format
from keyfleet.cli.output import Answer, age, rendered
from keyfleet.cli.tables import Column
from keyfleet.cli.terminal import Look

ANSWER = Answer(
    columns=(Column("NAME"), Column("NOTE", is_wide=True)),
    rows=[("dé", "ü")],
    document={"items": [{"name": "dé\U0001f511", "count": 1}]},
    names=["dé"],
    summary="1 thing",
)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize("output", list(Format))
def test_every_format_can_be_pure_ascii(output: Format) -> None:
    assert rendered(ANSWER, output, Look(is_ascii=True)).isascii()


@pytest.mark.parametrize("look", [Look(is_ascii=True), Look(is_ascii=False)])
def test_documents_say_the_same_in_json_and_yaml(look: Look) -> None:
    text = rendered(ANSWER, Format.JSON, look)
    assert msgspec.json.decode(text) == ANSWER.document
    yaml = rendered(ANSWER, Format.YAML, look)
    assert decode_yaml(yaml.encode(), subject="")[0].content == ANSWER.document


def test_the_summary_stands_below_the_table() -> None:
    assert rendered(ANSWER, Format.TABLE, Look()) == "NAME\nd\\xe9\n\n1 thing\n"


def test_an_empty_table_is_only_its_summary() -> None:
    empty = Answer((Column("NAME"),), (), {}, summary="nothing")
    assert rendered(empty, Format.TABLE, Look()) == "nothing\n"


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=5), "5s"),
        (timedelta(seconds=119), "119s"),
        (timedelta(minutes=3), "3m"),
        (timedelta(hours=30), "30h"),
        (timedelta(days=3), "3d"),
        (timedelta(seconds=-5), "0s"),
    ],
)
def test_ages_are_short(ago: timedelta, text: str) -> None:
    assert text == age((NOW - ago).isoformat(), NOW)


@pytest.mark.parametrize("created", [None, "", "yesterday"])
def test_an_unknown_age_is_empty(created: str | None) -> None:
    assert age(created, NOW) == ""
