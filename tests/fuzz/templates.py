# SPDX-License-Identifier: Apache-2.0
"""Fuzz the template engine's lexer, parser and evaluator for minutes: `make fuzz`.

Sources grow from a grammar and by mutation of the corpus. A render must end in a text or in a
`TemplateError` that quotes no value, within its CPU time and memory. What is found is written to
`tests/fuzz/corpus`, which `make test` plays.
"""

import hashlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import msgspec
from tests.fuzz.growing import Grower
from tests.fuzz.running import FINDINGS_MAX, Finding, fuzz
from tests.fuzz.trying import problem

from keyfleet.transform.gotemplate.functions import NAMES, function_set

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
VECTORS = HERE.parent / "unit" / "transform" / "gotemplate" / "vectors"
HAMMERS = 0.15


@dataclass(frozen=True, slots=True)
class Case:
    """One source, and what was wrong with it."""

    functions: str
    source: str
    about: str = ""

    def write(self, name: str) -> Path:
        """Write it into the corpus; its function set is the file's suffix."""
        path = CORPUS / f"{name}.{self.functions}"
        path.write_bytes(self.source.encode("utf-8", "surrogateescape"))
        return path

    def keep(self) -> Path:
        """Write it into the corpus, under a name of its own."""
        whole = f"{self.functions} {self.source}".encode("utf-8", "surrogateescape")
        return self.write(hashlib.sha256(whole).hexdigest()[:12])


def corpus() -> list[Case]:
    """Return what was found earlier."""
    return [
        Case(file.suffix[1:], file.read_bytes().decode("utf-8", "surrogateescape"))
        for file in sorted(CORPUS.iterdir())
        if not file.name.startswith(".")
    ]


def seeds() -> list[str]:
    """Return sources to mutate: the corpus and the recorded vectors."""
    lines = (
        line
        for file in VECTORS.glob("*.jsonl")
        for line in file.read_text().rstrip("\n").split("\n")
    )
    recorded = [msgspec.json.decode(line)["template"] for line in lines]
    return [case.source for case in corpus()] + recorded


def cases(random: Random, *, hammers: float = 0.0) -> Iterator[Case]:
    """Give case after case; such a part of them does one thing again and again, which is slow."""
    known = seeds()
    growers = {name: Grower(random, function_set(name)) for name in NAMES}
    while True:
        name = random.choice(NAMES)
        grower = growers[name]
        if random.random() < hammers:
            yield Case(name, grower.hammer(name))
            continue
        source = grower.source()
        if random.random() < 0.25:
            source = grower.mutated(random.choice([*known, source]), random.choice(known))
        yield Case(name, source)


def work(seed: int, end_s: float) -> tuple[int, list[Finding]]:
    """Fuzz from one seed until the time is over; return how many sources, and what was found."""
    tried = 0
    found: list[Finding] = []
    random = Random(seed)
    stream = cases(random, hammers=HAMMERS)
    while time.time() < end_s and len(found) < FINDINGS_MAX:
        case = next(stream)
        # A crash of a C library takes the process along, and leaves the case here.
        running = case.write(f".running-{seed}")
        if case.source and (about := problem(case.source, case.functions)):
            found.append(Case(case.functions, case.source, about))
        tried += 1
        running.unlink()
    return tried, found


if __name__ == "__main__":
    sys.exit(fuzz(work, __doc__))
