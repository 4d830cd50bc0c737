# SPDX-License-Identifier: Apache-2.0
"""Grow template sources: from a grammar with all functions of a set, and by mutating others."""

from collections.abc import Mapping
from random import Random

from keyfleet.transform.gotemplate.functions.table import Function

FIELDS = [
    ".", "$", ".password", ".list", ".map", ".nested.deep.value", ".number", ".float", ".yes",
    ".null", ".absent", ".pem", ".json", ".yaml", ".b64", ".text", ".items.x", "$.list", ".binary",
    ".digits", ".controls", ".brackets", ".bits", ".laughs", ".wide", ".nothing", "$big",
]  # fmt: skip
LITERALS = [
    "0", "1", "-1", "2", "3", "7", "64", "100000", "9223372036854775807", "-9223372036854775808",
    "1e9", "1.5", "0x7fffffff", "1i", "'a'", '""', '"a"', '"%v"', '"%099999d"', '"%[5]*.[2]*d"',
    '"é\\xff"', '"2006-01-02"', '"a,b"', '"["', '"(a*)*"', '"x{1000}"', '"24h"', '">= 1.x"',
    '"10.0.0.0/8"', "true", "false", "nil", "`raw`", '"RSA"', '"{\\"a\\":[1]}"', '"a: &a [*a]"',
]  # fmt: skip
TOKENS = [
    "{{", "}}", "{{-", "-}}", "{{/*", "*/}}", "(", ")", "|", ",", ".", "$x", ":=", "=", "\n", " ",
    '"', "`", "'", "\\", "end", "else", "if", "range", "with", "define", "block", "template",
    "break", "continue", "nil", "\x00", "é", "\udcff", "😀",
]  # fmt: skip
CLAUSES = ["if", "with", "range", "range $k, $v :="]
DEEPEST = 4
LARGE = {
    "core": ["$.digits", "$.wide", "$.list", "$.map"],
    "sprout": [
        "repeat 1000000 $.text", "until 20000", "until 255", 'splitList "" (repeat 255 "é")',
        'dict "a" $ "b" $', "list $.wide $.wide", "repeat 255 (toString $.binary)",
        'chunk 1 (until 255)', "values $.many", "$.many",
    ],
    "consul": ["$.digits", "$.wide", 'split "" $.digits', "$.many"],
}  # fmt: skip
"""What `$big` may be, by function set."""
NUMBERS = ["0", "1", "-1", "2", "7", "64", "1000", "100000", "2147483647", "9223372036854775807"]
TEXTS = [literal for literal in LITERALS if literal[0] in '"`'] + [".password", ".pem", ".text"]
BY_TYPE = {
    "int": NUMBERS,
    "int64": [*NUMBERS, '(int64 "7")'],
    "string": [*TEXTS, ".json", ".yaml", ".b64", ".binary"],
    "bool": ["true", "false", ".yes"],
    "float64": ["1.5", "-0.1", "1e300", ".float"],
    "[]interface {}": [".list", "(list 1 2)", '(list "a" .password)'],
    "map[string]interface {}": [".map", ".nested", ".", '(dict "a" 1)'],
}
"""What a parameter of a type is mostly given."""


class Grower:
    """Makes sources; the same random state makes the same ones."""

    def __init__(self, random: Random, functions: Mapping[str, Function]) -> None:
        self._random = random
        self._functions = functions
        self._names = [*functions]

    def source(self) -> str:
        """Return a source that mostly parses."""
        pieces = [self._piece(0) for _ in range(self._random.randint(1, 3))]
        if self._random.random() < 0.1:
            name = self._random.choice("ab")
            pieces.insert(0, f'{{{{define "{name}"}}}}{self._piece(1)}{{{{end}}}}')
            pieces.append(f'{{{{template "{name}" {self._operand(0)}}}}}')
        return f"{{{{$big := .text}}}}{''.join(pieces)}"

    def hammer(self, functions: str) -> str:
        """Return a source that does one thing to something large until its budget is used up."""
        large = self._random.choice(LARGE.get(functions, LARGE["sprout"]))
        argument = self._random.choice(["$big", "$big", "$"])
        name = self._random.choice(self._names)
        function = self._functions[name]
        params = [*function.params, *([function.variadic] * 2 if function.variadic else [])]
        place = self._random.randrange(max(len(params), 1))
        arguments = [
            argument if n == place else self._argument(function, n, DEEPEST)
            for n, _ in enumerate(params)
        ]
        call = " ".join([name, *arguments]).replace(" .", " $.")
        wide = "$.wide" if functions in ("core", "consul") else "until 99999"
        return (
            f"{{{{ $big := {large} }}}}{{{{ range $i, $_ := {wide} }}}}"
            f"{{{{ $x := {call} }}}}{{{{ end }}}}"
        )

    def mutated(self, source: str, other: str) -> str:
        """Return a source with a few cuts, copies and insertions, some of another source."""
        for _ in range(self._random.randint(1, 4)):
            start, end = sorted(self._random.randrange(len(source) + 1) for _ in range(2))
            insert = self._random.choice(
                ["", self._random.choice(TOKENS), source[start:end] * 2, self._cut(other)]
            )
            source = source[:start] + insert + source[self._random.choice([start, end]) :]
        return source[:20_000]

    def _cut(self, source: str) -> str:
        start = self._random.randrange(len(source) + 1)
        return source[start : start + self._random.randint(1, 40)]

    def _piece(self, depth: int) -> str:
        kind = self._random.random()
        if kind < 0.6 or depth >= DEEPEST:
            return "{{" + self._pipeline(depth) + "}}"
        if kind < 0.7:
            return "{{$x := " + self._pipeline(depth) + "}}{{$x}}"
        clause = self._random.choice(CLAUSES)
        tails = ["", "{{else}}" + self._piece(depth + 1)]
        if clause.startswith("range"):
            tails += ["{{break}}", "{{if .}}{{continue}}{{end}}"]
        tail = self._random.choice(tails)
        return f"{{{{{clause} {self._pipeline(depth)}}}}}{self._piece(depth + 1)}{tail}{{{{end}}}}"

    def _pipeline(self, depth: int) -> str:
        stages = [self._command(depth)]
        while self._random.random() < 0.4:
            stages.append(self._call(depth, piped=1))
        return " | ".join(stages)

    def _command(self, depth: int) -> str:
        return self._call(depth) if self._random.random() < 0.7 else self._operand(depth)

    def _call(self, depth: int, piped: int = 0) -> str:
        name = self._random.choice(self._names)
        function = self._functions[name]
        count = len(function.params)
        if function.variadic is not None:
            count += self._random.choice([0, 1, 1, 2, 3])
        if self._random.random() < 0.05:
            count += 1
        arguments = (self._argument(function, n, depth) for n in range(max(count - piped, 0)))
        return " ".join([name, *arguments])

    def _argument(self, function: Function, index: int, depth: int) -> str:
        if self._random.random() < 0.2:
            return self._operand(depth + 1)
        known = BY_TYPE.get(function.param(index).go_type)
        return self._random.choice(known) if known else self._operand(depth + 1)

    def _operand(self, depth: int) -> str:
        kind = self._random.random()
        if kind < 0.35:
            return self._random.choice(FIELDS)
        if kind < 0.75 or depth >= DEEPEST:
            return self._random.choice(LITERALS)
        return f"({self._pipeline(depth + 1)})"
