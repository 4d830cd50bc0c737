# SPDX-License-Identifier: Apache-2.0
"""A template as an attack: whatever it says, no value is shown, and it ends within its bounds."""

import traceback
from base64 import b64encode
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

import pytest
from tests.fuzz.trying import CPU_S, problem

from keyfleet.testing.canary import CANARY_PREFIX, find_canary
from keyfleet.transform.gotemplate import TemplateError, render
from keyfleet.transform.gotemplate.compiling import compiler
from keyfleet.transform.gotemplate.functions import function_set
from keyfleet.transform.gotemplate.functions.table import Param

CANARY = f"{CANARY_PREFIX}ofsafety"
NUMBER = 731058294637
"""A value that is a number: one's digits are a secret, too."""
SECRETS: dict[str, Any] = {
    "plain": CANARY,
    "long": CANARY * 200,
    "upper": CANARY.upper(),
    "base64": b64encode(CANARY.encode()).decode(),
    "hex": CANARY.encode().hex(),
    "bytes": CANARY + "\udcff\x00",
    "digits": str(NUMBER),
    "number": NUMBER,
    "negative": -NUMBER,
    "float": NUMBER + 0.5,
    "list": [CANARY, NUMBER],
    "map": {CANARY: CANARY, "a": NUMBER},
    "nested": {"a": {CANARY: [{CANARY: CANARY}]}},
    "json": f'{{"{CANARY}": {NUMBER}, "kty": "{CANARY}", "crv": "{CANARY}"}}',
    "bad json": f'{{"a": {CANARY}}}',
    "jwk": f'{{"kty": "EC", "crv": "{CANARY}", "x": "{CANARY}", "y": "a", "d": "{CANARY}"}}',
    "rsa": f'{{"kty": "RSA", "n": "{CANARY}", "e": "{CANARY}", "d": {{"{CANARY}": 1}}}}',
    "yaml key": f"{CANARY}: 1\n{CANARY}: 2",
    "yaml tag": f"!{CANARY} text",
    "yaml typed": f"!!int {CANARY}",
    "yaml typed list": f"a: !!float [{CANARY}]",
    "yaml alias": f"*{CANARY}",
    "yaml anchor": f"&{CANARY} [*{CANARY}]",
    "yaml directive": f"%TAG ! tag:{CANARY}\n%{CANARY}\n--- !{CANARY}!x [",
    "yaml complex key": f"? [{CANARY}]\n: 1",
    "yaml binary": f"!!binary {CANARY}%",
    "yaml list": f"- {CANARY}",
    "pem": f"-----BEGIN {CANARY}-----\n{CANARY}: a\n\nQUJD\n-----END {CANARY}-----\n",
    "key": f"-----BEGIN PRIVATE KEY-----\n{b64encode(CANARY.encode()).decode()}\n"
    "-----END PRIVATE KEY-----\n",
    "pattern": f"({CANARY}",
    "named pattern": f"(?P<{CANARY}>a)",
    "escape": f"{CANARY}\\8{CANARY}",
    "template": f"$1{CANARY}${{{CANARY}}}",
    "format": f"%{CANARY}%!%[{NUMBER}]d%.{NUMBER}d",
    "version": f"1.2.3-{CANARY}_",
    "constraint": f">=1 || {CANARY}",
    "url": f"http://{CANARY}:{CANARY}@[::1{CANARY}]:{CANARY}/%zz{CANARY}",
    "port": f"http://a:{CANARY}",
    "scheme": f"{CANARY}%:{CANARY}",
    "query": f"http://a/?{CANARY}=%zz",
    "user": f"{CANARY}:\x7f",
    "duration": f"1h{CANARY}",
    "unit": f"1{CANARY}",
    "date": f"2020-01-01{CANARY}",
    "zone": f"Europe/{CANARY}",
    "network": f"10.0.0.0/{CANARY}",
    "address": f"10.0.0.{NUMBER}",
    "pair": f"{CANARY}={CANARY}",
}
SHOWN = (CANARY, CANARY[::-1], str(NUMBER), f"{NUMBER:x}")
TEXTS = [label for label, secret in SECRETS.items() if isinstance(secret, str)]
BY_TYPE = {
    "string": ("text", TEXTS),
    "[]string": ("list", ["list"]),
    "int": ("three", ["number", "negative"]),
    "int64": ("three", ["number", "negative"]),
    "float64": ("half", ["float"]),
    "bool": ("yes", ["plain"]),
    "[]interface {}": ("list", ["list"]),
    "map[string]interface {}": ("map", ["map", "nested"]),
}
"""What a parameter of a type gets: something harmless, and which secrets."""
OF_ANY = ("text", ["plain", "digits", "number", "float", "list", "map", "nested", "json", "bytes"])
HARMLESS: dict[str, Any] = {
    "text": "text", "three": 3, "yes": True, "half": 0.5, "list": ["text"], "map": {"text": "text"},
}  # fmt: skip
SLOW = ("gen", "bcrypt", "htpasswd", "derivePassword")
BUSY = 4
"""How much more CPU time everything takes on a machine that is shared."""


def calls(functions: str) -> Iterator[tuple[str, list[str]]]:
    """Give calls of all functions of a set, and the secrets for the one place that gets them."""
    for name, function in function_set(functions).items():
        params = [*function.params, *([function.variadic] * 2 if function.variadic else [])]
        for place, param in enumerate(params):
            arguments = [_argument(one, is_secret=n == place) for n, one in enumerate(params)]
            labels = BY_TYPE.get(param.go_type, OF_ANY)[1]
            source = f"{{{{ {name} {' '.join(arguments)} }}}}"
            if not name.startswith("sprig_"):  # which the other sets have
                yield source, labels[:2] if name.startswith(SLOW) else labels


def _argument(param: Param, *, is_secret: bool) -> str:
    harmless = BY_TYPE.get(param.go_type, OF_ANY)[0]
    return ".secret" if is_secret else f'(index .harmless "{harmless}")'


def shows(error: BaseException) -> bool:
    """Tell whether an error shows a value, wherever somebody may look."""
    told = ["".join(traceback.format_exception(error))]
    seen: BaseException | None = error
    while seen is not None:
        told += [str(seen), repr(seen), repr(seen.args), repr(vars(seen))]
        seen = seen.__cause__ or seen.__context__
    text = "\n".join(told)
    return find_canary(text) or any(form in text.lower() for form in SHOWN)


def _error(functions: str, source: str, secret: Any) -> TemplateError | None:
    try:
        data = {"secret": secret, "harmless": HARMLESS}
        render(source, data, functions=functions, random=Random(1))
    except TemplateError as error:
        return error
    return None


@pytest.mark.parametrize("functions", ["eso", "sprout", "consul"])
def test_no_function_shows_a_value_in_its_error(
    functions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without the net under them: each function has to know what came from a value.
    monkeypatch.setattr(compiler, "redacted", lambda message, *_: message)
    errors = [
        (error, source, label)
        for source, labels in calls(functions)
        for label in labels
        if (error := _error(functions, source, SECRETS[label]))
    ]
    assert [told for told in errors if shows(told[0])] == []
    assert errors


MANY = {"l": [f"{n}" for n in range(20_000)], "m": {f"k{n}": "v" for n in range(250)}}
LONG = {"x": "a" * (1 << 20)}
DISTINCT = {"x": "".join(map(chr, range(0x10000, 0x10000 + (1 << 18))))}
FOUR = {"m": {f"{n:04x}": "wxyz" for n in range(60_000)}}
DIGITS = "1" * 900_000
HOSTILE: dict[str, tuple[str, str, Any]] = {
    "uniq of distinct elements": ("sprig", "{{ uniq .l }}", MANY),
    "uniq of short lists": (
        "sprig",
        ("{{ $l := until 255 }}{{ range until 99999 }}{{ $_ := uniq (list $l $l .) }}"
        "{{ $_ := uniq (chunk 1 $l) }}{{ end }}"),
        {},
    ),
    "has in short lists": (
        "sprig", "{{ $l := until 255 }}{{ range until 99999 }}{{ has -1 $l }}{{ end }}", {},
    ),
    "characters to trim": ("sprig", "{{ trimAll (print .x \"b\") (repeat 999999 \"b\") }}", LONG),
    "distinct characters to trim": ("sprig", "{{ trimAll .x .x }}", DISTINCT),
    "distinct characters to quote": ("sprig", "{{ quote .x }}{{ js .x }}{{ toJson .x }}", DISTINCT),
    "control characters in JavaScript": ("core", "{{ js .x }}{{ js .x }}", {"x": "\n" * 2**20}),
    "groups of an expression": ("sprig", "{{ regexFind .x \"a\" }}", {"x": "()" * 4000}),
    "many groups, often": (
        "sprig",
        "{{ range until 9999 }}{{ $_ := regexFind (print $.x .) \"a\" }}{{ end }}",
        {"x": "(" * 400 + ")" * 400},
    ),
    "wild expressions": (
        "sprig",
        '{{ range until 9999 }}{{ $_ := regexMatch (print "(a|b)*c{" . "}.*x") $.x }}{{ end }}',
        LONG,
    ),
    "bounded repetition": ("sprig", "{{ regexMatch `((x{10}){10}){10}` .x }}", LONG),
    "short keys and a long error": ("sprig", f"{{{{ atoi {DIGITS} }}}}", FOUR),
    "a long message of its own": ("sprig", f'{{{{ fail "{"ab" * 200_000}" }}}}', FOUR),
    "a shared string and a long error": (
        "sprig",
        ('{{ $s := repeat 300000 "a" }}{{ range $i, $_ := until 20000 }}'
        f"{{{{ $_ := set $ (toString $i) $s }}}}{{{{ end }}}}{{{{ atoi {DIGITS} }}}}"),
        {"a": 1},
    ),
    "maps in maps in maps": (
        "sprig",
        ('{{ $x := dict }}{{ range until 40 }}{{ $x = dict "a" $x "b" $x "c" $x }}{{ end }}'
        "{{ toJson $x }}"),
        {},
    ),
    "copies of a map": (
        "sprig",
        ("{{ $m := .m }}{{ $d := dict }}{{ range $i, $_ := until 99999 }}"
        '{{ $_ := set $d (toString $i) (omit $m "x") }}{{ end }}'),
        MANY,
    ),
    "texts of floats": ("sprig", "{{ range until 99 }}{{ toStrings $.l }}{{ end }}", {
        "l": [1.5e300] * 30_000,
    }),
    "a megabyte of dots": ("core", "{{.}}" * 200_000, LONG),
    "definitions": ("core", "".join(f'{{{{define "{n}"}}}}x{{{{end}}}}' for n in range(8000)), {}),
    "arguments": ("core", f"{{{{ print {'1 ' * 49_990} }}}}", {}),
    "else if": ("core", "{{if 0}}" + "{{else if 0}}" * 12_000 + "{{end}}", {}),
    "nested loops": ("core", "{{range 100000}}" * 99 + "x" + "{{end}}" * 99, {}),
    "digits of a constant": ("core", f"{{{{ 0x{'f' * 10**6}p1 }}}}", {}),
    "width": ("core", '{{ printf "%*d%.*f" 999999999 1 999999999 1.5 }}', {}),
    "widths": ("core", f'{{{{ printf "{"%1000000d" * 100}" 1 }}}}', {}),
    "YAML merges": ("eso", "{{ fromYaml .x }}", {
        "x": "a0: &a0 {x: 1}\n" + "".join(
            f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 99)
        ),
    }),
    "brackets": ("eso", "{{ fromYaml .x }}{{ fromJson .x }}", {"x": "[" * 2**20}),
    "emoji in YAML": ("eso", "{{ toYaml .x }}{{ toYaml .x }}", {"x": "😀" * 2**18}),
    "channels": ("consul", "{{ range loop -1 9223372036854775807 }}{{ end }}", {}),
    "addresses": ("sprout", '{{ cidrRangeList "::/0" }}', {}),
    "slow hashes and all other work": (
        "sprig",
        ('{{ range until 8 }}{{ $_ := derivePassword 1 "long" "a" "b" "c" }}{{ end }}'
        "{{ range until 9999 }}{{ toJson $.l }}{{ end }}"),
        MANY,
    ),
    "slow hashes": ("sprig", '{{ range until 99 }}{{ $_ := bcrypt "a" }}{{ end }}', {}),
}  # fmt: skip


@pytest.mark.no_cover  # which would take most of the CPU time that is measured
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_template_ends_within_its_bounds(name: str) -> None:
    functions, source, data = HOSTILE[name]
    assert problem(source, functions, data=data, cpu_s=BUSY * CPU_S) == ""


@pytest.mark.parametrize(
    ("functions", "source"),
    [
        ("sprig", '{{ $_ := set .map "a" 2 }}{{ $_ := unset .map "k" }}{{ $_ := set . "b" 1 }}'),
        ("sprig", '{{ $_ := merge .map .other }}{{ $_ := mergeOverwrite .map (dict "k" 2) }}'),
        ("sprout", '{{ $_ := set "a" 2 .map }}{{ $_ := merge .map .other }}'),
        ("consul", "{{ $_ := mergeMap .map .other }}{{ $_ := mergeMapWithOverride .map .other }}"),
        ("consul", '{{ scratch.Set "m" .map }}{{ scratch.MapSet "m" "a" 3 }}'),
    ],
)
def test_no_template_changes_what_it_was_given(functions: str, source: str) -> None:
    data: dict[str, Any] = {"map": {"k": 1, "in": {"a": [1]}}, "other": {"z": 1, "in": {"b": 1}}}
    before = deepcopy(data)
    render(source, data, functions=functions)
    assert data == before


PYTHON = [
    "{{ .text.upper }}", "{{ .text.format }}", "{{ .text.__class__ }}", "{{ .list.append }}",
    "{{ .list.__len__ }}", "{{ .map.keys }}", "{{ .map.items.x }}", "{{ .map.__class__ }}",
    "{{ .number.real }}", "{{ .yes.__class__ }}", '{{ index .text "__class__" }}',
    '{{ index .list "append" }}', '{{ index .map "__class__" "__mro__" }}',
    '{{ (semver "1.2.3").compared_to }}', '{{ (semver "1.2.3").__class__ }}',
    '{{ (semver "1.2.3").fields }}', '{{ (semver "1.2.3").go_type }}', "{{ now.moment }}",
    "{{ now.__dict__ }}", '{{ call .text.upper }}', '{{ (urlParse "http://a").__init__ }}',
]  # fmt: skip


@pytest.mark.parametrize("source", PYTHON)
def test_no_template_reaches_an_attribute(source: str) -> None:
    data = {"text": "a", "list": [1], "map": {"a": 1}, "number": 1, "yes": True}
    with pytest.raises(TemplateError):
        render(source, data, functions="sprig", missingkey="error")


@pytest.mark.parametrize("form", ["{0.__class__}", "%(a)s", "{a}", "{0!r:>99999999999}"])
def test_a_text_is_never_a_format_of_pythons(form: str) -> None:
    source = '{{ .form }}{{ print .form }}{{ replace "x" .form "x" }}{{ cat .form }}'
    assert render(source, {"form": form}, functions="sprig") == 4 * form


def test_a_failed_render_leaves_no_trace_of_its_values_behind() -> None:
    source = '{{ $_ := set . "b" .secret }}{{ fail (print .secret "x") }}'
    with pytest.raises(TemplateError) as caught:
        render(source, {"secret": CANARY}, functions="sprig")
    assert caught.value.__context__ is None
    assert not shows(caught.value)
    assert render("{{ .secret }}{{ .b }}", {}, functions="sprig") == "<no value><no value>"
