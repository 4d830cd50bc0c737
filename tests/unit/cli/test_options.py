"""Global flags stand anywhere; a flag comes before the environment."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.options import Common, Format, normalised, verbosity
from keyfleet.cli.program import program

FLAGS = (
    ("--kubeconfig", "a"),
    ("--kubeconfig=b",),
    ("--hub", "h"),
    ("-c", "east"),
    ("-cwest",),
    ("--cluster-selector", "env=production"),
    ("-n", "payments"),
    ("-o", "json"),
    ("-v",),
    ("-vv",),
    ("--log-format", "json"),
    ("--color=never",),
)


def _common(*tokens: str, **environ: str) -> Common:
    words = normalised(tokens, environ)
    app = program(called=words)
    _, bound, _ = app.parse_args(words, exit_on_error=False, print_error=False)
    common = bound.arguments.get("common", Common())
    assert isinstance(common, Common)
    return common


@given(st.lists(st.sampled_from(FLAGS), unique=True), st.data())
def test_flags_mean_the_same_wherever_they_stand(
    flags: list[tuple[str, ...]], data: st.DataObject
) -> None:
    after = [token for flag in flags for token in flag]
    words = ["plan", "payments/db", "-f", "x.yaml"]
    mixed: list[str] = []
    at = sorted(data.draw(st.sampled_from([0, 1, 2, 4])) for _ in flags)
    for index, word in enumerate([*words, ""]):
        mixed += [
            token for flag, spot in zip(flags, at, strict=True) if spot == index for token in flag
        ]
        mixed += [word] if word else []
    assert _common(*words, *after) == _common(*mixed)


def test_flags_stand_between_a_command_and_its_subcommand() -> None:
    assert normalised(["clusters", "-o", "json", "trust", "west"], {}) == [
        *("clusters", "trust", "west", "-o", "json")
    ]


def test_repeatable_flags_add_up() -> None:
    common = _common("status", "-c", "a", "-c", "b*", "--kubeconfig", "x", "--kubeconfig", "y")
    assert common.cluster == ("a", "b*")
    assert [str(path) for path in common.kubeconfig] == ["x", "y"]


@pytest.mark.parametrize(
    ("variable", "flag", "field"),
    [
        ("KEYFLEET_CONTEXT", ("--context", "flag"), "context"),
        ("KEYFLEET_CONTEXT", ("--hub", "flag"), "context"),
        ("KEYFLEET_NAMESPACE", ("-nflag",), "namespace"),
    ],
)
def test_a_flag_comes_before_the_environment(
    variable: str, flag: tuple[str, ...], field: str
) -> None:
    assert getattr(_common("status", **{variable: "env"}), field) == "env"
    assert getattr(_common("status", *flag, **{variable: "env"}), field) == "flag"


def test_the_environment_sets_the_output() -> None:
    assert Format.YAML is _common("status", KEYFLEET_OUTPUT="yaml").output
    assert Format.JSON is _common("status", "-ojson", KEYFLEET_OUTPUT="yaml").output


def test_words_behind_two_dashes_are_left_alone() -> None:
    assert normalised(["-v", "why", "--", "-o"], {}) == ["why", "-v", "--", "-o"]


def test_a_flag_without_its_value_is_a_usage_error() -> None:
    with pytest.raises(InvalidInputError, match="--context"):
        normalised(["status", "--context"], {})


@pytest.mark.parametrize(
    ("tokens", "count"),
    [((), 0), (("-v",), 1), (("-vvv",), 3), (("--verbose", "-v"), 2), (("--", "-v"), 0)],
)
def test_verbosity_is_counted(tokens: tuple[str, ...], count: int) -> None:
    assert count == verbosity(tokens)
    assert count == _common("version", *tokens[: None if "--" not in tokens else 0]).verbose


def test_no_flag_takes_a_value_of_a_secret() -> None:
    """Every flag of every command is known here; a new one is looked at by whoever adds it."""
    app: Any = program(called=["apply", "plan", "sync"])
    for command in ("apply", "plan", "sync"):
        names = {
            name for each in app[command].assemble_argument_collection() for name in each.names
        }
        assert not {name for name in names if "value" in name or "literal" in name}
