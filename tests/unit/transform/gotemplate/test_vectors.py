# SPDX-License-Identifier: Apache-2.0
"""What real Go answers, word for word: every line of every file in `vectors`.

The lines were recorded with Go 1.26 and the libraries of docs/compat/go-templates.md; how to record
more: tests/unit/transform/gotemplate/vectors/README.md.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from keyfleet.transform.gotemplate import TemplateError, render
from keyfleet.transform.gotemplate.errors import REDACTED

FILES = sorted((Path(__file__).parent / "vectors").glob("*.jsonl"))
PLACE = re.compile(r"(?s)^template: .*?: executing \".*?\" at <.*?>: ")
"""Where an error was: columns and contexts are tested elsewhere, what users search for is here."""


def vectors() -> Iterator[Any]:
    for file in FILES:
        for number, line in enumerate(file.read_bytes().splitlines(), 1):
            vector = msgspec.json.decode(line)
            yield pytest.param(vector, id=f"{file.stem}:{number}:{vector.get('name', '')[:40]}")


def answer(vector: dict[str, Any]) -> str:
    return render(
        vector["template"],
        vector.get("data"),
        functions=vector.get("funcs") or "core",
        missingkey=vector.get("missingkey")
        or ("zero" if vector.get("funcs") == "consul" else "default"),
        left=vector.get("left") or "{{",
        right=vector.get("right") or "}}",
        string_map=vector.get("data_kind") == "strmap",
    )


def is_same(ours: str, theirs: str) -> bool:
    """Tell whether an error says what Go's says, except for what is redacted."""
    ours, theirs = PLACE.sub("", ours), PLACE.sub("", theirs)
    pattern = re.escape(ours).replace(re.escape(REDACTED), ".*")
    return re.fullmatch(pattern, theirs, re.DOTALL) is not None


@pytest.mark.parametrize("vector", list(vectors()))
def test_gives_the_answer_of_go(vector: dict[str, Any]) -> None:
    if not vector.get("error"):
        assert answer(vector) == vector["output"]
    elif vector.get("class") == "static-type":
        # Go's compiler refuses the type; taking it is allowed, any other error is not.
        assert stage_of(vector) in {"", vector["stage"]}
    else:
        with pytest.raises(TemplateError) as caught:
            answer(vector)
        assert caught.value.stage == vector["stage"]
        assert is_same(str(caught.value), vector.get("error_text", str(caught.value)))


def stage_of(vector: dict[str, Any]) -> str:
    """Return where the render fails, empty where it does not."""
    try:
        answer(vector)
    except TemplateError as error:
        return error.stage
    return ""
