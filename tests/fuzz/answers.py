# SPDX-License-Identifier: Apache-2.0
"""Fuzz what is done to the answers of stores for minutes: `make fuzz`.

Paths into JSON documents (gjson), rewrites of keys, durations and schedules grow from a grammar and
by mutation. Each has to end in order, in little CPU time and memory, in an answer or in an error of
its own that quotes no value. What is found is written to `tests/fuzz/corpus_answers`, which
`make test` plays.
"""

import hashlib
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import msgspec
from tests.fuzz.running import FINDINGS_MAX, Finding, fuzz
from tests.fuzz.trying import MEMORY_BYTES, SECRET, bounded_memory

from keyfleet.base import goduration
from keyfleet.base.errors import InvalidInputError, TransformError
from keyfleet.base.gjson import find
from keyfleet.base.jsontext import is_json
from keyfleet.base.secret import SecretValue
from keyfleet.model.assembly import (
    Assembly,
    MergeRewrite,
    Piece,
    RegexpRewrite,
    Rewrite,
    TransformRewrite,
)
from keyfleet.model.cron import schedule_of
from keyfleet.model.stores import How
from keyfleet.testing.canary import CANARY_PREFIX, find_canary
from keyfleet.transform.assembly import assembled

HERE = Path(__file__).parent
CORPUS = HERE / "corpus_answers"
VECTORS = HERE.parent / "unit" / "base" / "vectors"
CPU_S = 1.0
KINDS = ("path", "path", "path", "regexp", "template", "merge", "duration", "schedule")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
PIECES = {
    "path": [
        "a", "b", "*", "?", "a*", "#", "0", "1", ".", ".", ".", "|", "|", "@this", "@keys",
        "@values", "@reverse", "@flatten",
        '@flatten:{"deep":true}', "@join", "@group", "@pretty", "@ugly",
        "@tostr", "@fromstr", "@dig:a", "#(", "#(a", ")", ")#", "[", "]", "{", "}", ",", ":", '"',
        "\\", '"x":', "!", '!"x"', "![1]", "=", "==", "!=", "<", ">=", "%", '"*a*"', "~true", "~*",
        "..", "(", "\x00", "\udcff", "\u00e9",
    ],
    "regexp": [
        "a", ".", "*", "+", "?", "(", ")", "|", "[", "^", "$", "]", "{2}", "{1,500}", r"\pL", r"\b",
        "(?i)", "(?P<n>", "\\", "x", "(.*)", "$1", "${n}", "-", "\udcff",
    ],
    "template": [
        "{{", "}}", " .value ", "|", "upper", 'replace "a" "b"', "range", "end", "until 9999",
        "repeat 9999", "if", "regexReplaceAll", '"(a*)*"', "a", "/", "fail", "toJson", "$", ".",
    ],
    "merge": [
        "{", "}", '"a"', '"b"', ":", ",", "[", "]", "1", "1e999", "null", "true", '"\\ud800"',
        '{"a":', '"x"}', "9" * 400, "\udcff",
    ],
    "duration": [
        "1", "0", ".", "5", "h", "m", "s", "ms", "us", "ns", "-", "+", "d", "9" * 20, "\u00b5s",
    ],
    "schedule": [
        "*", "?", "/", "-", ",", "0", "5", "59", "7", " ", " ", " ", " ", "MON", "jan", "@every ",
        "@daily", "1h", "1ns",
    ],
}  # fmt: skip


class Case(msgspec.Struct, frozen=True):
    """One input, and what was wrong with it."""

    kind: str
    text: str
    document: str = ""
    about: str = ""

    def keep(self) -> Path:
        """Write it into the corpus, under a name of its own."""
        raw = msgspec.json.encode(self.translated("utf-8", "latin-1"))
        path = CORPUS / f"{hashlib.sha256(raw).hexdigest()[:12]}.json"
        path.write_bytes(raw + b"\n")
        return path

    def translated(self, source: str, target: str) -> "Case":
        """Return it with its texts read as another encoding: JSON has no foreign bytes."""
        text, document = (
            each.encode(source, "surrogateescape").decode(target, "surrogateescape")
            for each in (self.text, self.document)
        )
        return Case(self.kind, text, document)


def corpus() -> list[Case]:
    """Return what was found earlier."""
    kept = (msgspec.json.decode(file.read_bytes(), type=Case) for file in CORPUS.glob("*.json"))
    return sorted(
        (case.translated("latin-1", "utf-8") for case in kept), key=lambda case: case.text
    )


def documents() -> list[str]:
    """Return documents to look into, some of them large, all with a value that is a secret."""
    lines = (VECTORS / "gjson_documents.jsonl").read_text().splitlines()
    recorded = [msgspec.json.decode(line, type=str) for line in lines]
    large = [
        '[{"a":1,"b":["x"]},' + ",".join(['{"a":{"b":"y"}}'] * 5000) + "]",
        '{"a":' * 300 + '"b"' + "}" * 300,
        "[" * 300 + "]" * 300,
        '{"a":"' + "ab" * 50_000 + '"}',
        '{"' + "ab" * 5_000 + '":[1,2]}',
        '{"a":"' + "\\n" * 20_000 + '"}',
        "{" + ",".join(f'"a{n}":[{n},"b"]' for n in range(3000)) + "}",
    ]
    return [*(text.replace('"x"', f'"{SECRET}"') for text in recorded), *large]


def cases(random: Random) -> Iterator[Case]:
    """Give case after case."""
    known = documents()
    while True:
        kind = random.choice(KINDS)
        pieces = PIECES[kind]
        length = random.choice((2, 4, 8, 16, 40))
        text = "".join(random.choice(pieces) for _ in range(random.randint(1, length)))
        if random.random() < 0.1:
            text = (text * 2000)[: random.choice((100, 1000, 4000))]
        document = random.choice(known)
        if random.random() < 0.2:
            start, end = sorted(random.randrange(len(document) + 1) for _ in range(2))
            document = document[:start] + random.choice(["", '"', "[", "\udcff"]) + document[end:]
        yield Case(kind, text, document)


def problem(case: Case, *, cpu_s: float = CPU_S) -> str:
    """Return what went wrong; empty where the case ended in good order."""
    began = time.process_time()
    try:
        with bounded_memory():
            about = _tried(case)
    except (TransformError, InvalidInputError) as error:
        is_quoted = find_canary(error.diagnostics()) or find_canary(repr(error.__context__))
        about = f"the error quotes a value: {error!r}" if is_quoted else ""
    except MemoryError:
        about = f"it takes more than {MEMORY_BYTES} bytes"
    except BaseException as error:  # noqa: BLE001 - whatever else escapes is what is looked for
        about = f"raises {type(error).__name__}: {error!r}"
    took_s = time.process_time() - began
    return about or (f"it takes {took_s:.1f} s of CPU" if took_s > cpu_s else "")


def _tried(case: Case) -> str:
    match case.kind:
        case "path":
            found = find(case.document.encode("utf-8", "surrogateescape"), case.text)
            if found is not None and (not is_json(found.raw) or found.text() is None):
                return "it finds what is no JSON"
        case "duration":
            exact = goduration.nanoseconds(case.text)
            if goduration.nanoseconds(goduration.text_of(exact)) != exact:
                return "it shows another duration than it read"
        case "schedule":
            schedule = schedule_of(case.text)
            fires = schedule.after(NOW) if schedule else None
            if fires is not None and fires <= NOW:
                return "it fires before it does"
        case _:
            _rewritten(case)
    return ""


def _rewritten(case: Case) -> None:
    middle = len(case.text) // 2
    rewrites: dict[str, Rewrite] = {
        "regexp": RegexpRewrite(case.text[:middle], case.text[middle:]),
        "template": TransformRewrite(case.text),
        "merge": MergeRewrite(),
    }
    name = case.document.replace(CANARY_PREFIX, "")  # keys are no secrets
    texts = {"m": case.text, "n": '{"k":1}'}
    if case.kind != "merge":
        texts |= {name[:length]: case.document for length in (0, 3, 10, 100, 1000)}
    values = {
        key: SecretValue(text.encode("utf-8", "surrogateescape")) for key, text in texts.items()
    }
    assembled(Assembly((Piece(How.MAP, rewrites=(rewrites[case.kind],)),)), [values])


def work(seed: int, end_s: float) -> tuple[int, list[Finding]]:
    """Fuzz from one seed until the time is over; return how many cases, and what was found."""
    tried = 0
    found: list[Finding] = []
    stream = cases(Random(seed))
    while time.time() < end_s and len(found) < FINDINGS_MAX:
        case = next(stream)
        if about := problem(case):
            found.append(Case(case.kind, case.text, case.document, about))
        tried += 1
    return tried, found


if __name__ == "__main__":
    sys.exit(fuzz(work, __doc__))
