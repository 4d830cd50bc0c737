# SPDX-License-Identifier: Apache-2.0
"""Templates that both controllers render, and the values that they see.

Each is the template `t` of a manifest of its own. Source: compat/sealed-secrets.md 1.4, 2.2.
"""

from typing import Final

from keyfleet.testing.canary import canary

ONE, TWO = canary("beside-one"), canary("beside-two")

VALUES: Final = {
    "password": ONE,
    "tls.key": TWO,
    "number": b"42",
    "json": b'{"b": [1, 2.5, "x"], "a": {"c": null}}',
    "html": b"<a&b>'\"",
    "empty": b"",
    "bytes": b"\xff\x00z",
}
SIBLINGS: Final = {"host": "{{ upper .password }}", "plain": "db.local"}

TEMPLATES: Final = {
    # Keys that are missing.
    "missing": "{{ .none }}",
    "missing-index": '{{ index . "none" }}',
    "missing-json": "{{ toJson .none }}|{{ toRawJson .none }}|{{ toPrettyJson .none }}",
    "missing-if": "{{ if .none }}x{{ else }}y{{ end }}{{ with .none }}x{{ else }}z{{ end }}",
    "missing-default": '{{ .none | default "d" }}{{ default "e" .empty }}{{ coalesce .none "c" }}',
    "missing-print": '{{ print .none }}|{{ printf "%s|%v|%d" .none .none .none }}',
    "missing-quote": "{{ quote .none }}|{{ squote .none }}|{{ html .none }}|{{ toString .none }}",
    "missing-kind": "{{ kindOf .none }}|{{ typeOf .none }}|{{ empty .none }}|{{ not .none }}",
    "missing-eq": '{{ eq .none "x" }}',
    "missing-upper": "{{ upper .none }}",
    "missing-len": "{{ len .none }}",
    "missing-field": "{{ .none.more }}",
    "missing-range": "{{ range .none }}x{{ else }}none{{ end }}",
    # What is there.
    "value": "{{ .password }}:{{ .number }}",
    "value-bytes": "{{ .bytes }}|{{ len .bytes }}",
    "dotted": '{{ index . "tls.key" }}',
    "dotted-field": "{{ .tls.key }}",
    "text-field": "{{ .password.more }}",
    "order": "{{ range $k, $v := . }}{{ $k }},{{ end }}",
    "order-values": "{{ range . }}{{ len . }} {{ end }}",
    "whole-json": "{{ toJson . }}",
    "whole-print": "{{ len . }} {{ typeOf . }} {{ kindOf . }}",
    "sibling": "{{ .host }} {{ .plain }}",
    "itself": "{{ .t }}",
    "sibling-upper": "{{ upper .host }}{{ .plain | repeat 2 }}",
    # Functions.
    "json-html": "{{ toJson .html }}|{{ toRawJson .html }}|{{ html .html }}|{{ js .html }}",
    "json-in": "{{ $j := fromJson .json }}{{ $j.a }}{{ index $j.b 1 }}{{ $j.b }}{{ $j.none }}",
    "json-bad": '{{ fromJson "{" }}',
    "json-must": '{{ mustFromJson "{" }}',
    "json-pretty": "{{ fromJson .json | toPrettyJson }}",
    "quoting": '{{ quote .html }}{{ squote .html }}{{ printf "%q" .html }}{{ urlquery .html }}',
    "numbers": "{{ add 1 .number }} {{ int .number }} {{ atoi .number | mul 2 }} {{ div 7 2 }}",
    "number-bad": '{{ int "x" }} {{ atoi "x" }} {{ float64 "1e3" }} {{ round 2.567 1 }}',
    "divide": "{{ div 1 0 }}",
    "encoding": "{{ b64enc .html }} {{ b64dec (b64enc .html) }} {{ b32enc .html }}",
    "encoding-bad": '{{ b64dec "@" }}',
    "digest": "{{ sha256sum .password }} {{ sha1sum .empty }} {{ adler32sum .number }}",
    "texts": '{{ "a b c" | nospace | title }}{{ trimSuffix "c" "abc" }}{{ substr 1 3 "abcde" }}'
    '{{ snakecase "FirstName" }}{{ camelcase "http_server" }}{{ initials "First Try" }}',
    "lines": '{{ indent 2 "a\\nb" }}{{ nindent 2 "a\\nb" }}{{ wrap 3 "a b c d" }}',
    "lists": '{{ $l := list 1 "b" 3.5 }}{{ $l }}{{ first $l }}{{ rest $l }}{{ join "-" $l }}'
    '{{ slice $l 1 2 }}{{ has "b" $l }}{{ chunk 2 $l }}{{ seq 1 3 }}{{ until 3 }}',
    "list-bad": "{{ index (list 1 2) 5 }}",
    "dicts": '{{ $d := dict "b" 1 "a" (list 2) }}{{ $d }}{{ hasKey $d "b" }}{{ get $d "x" }}'
    '{{ keys $d | sortAlpha }}{{ dig "x" "none" $d }}{{ toJson (set $d "c" nil) }}',
    "has-key": '{{ hasKey . "password" }}',
    "keys": "{{ keys . }}",
    "get": '{{ get . "password" }}',
    "pick": '{{ pick . "password" }}',
    "split": '{{ (split "," "a,b")._1 }}{{ splitList "," "a,b" }}{{ splitList "," "" | len }}',
    "regex": '{{ regexReplaceAll "a(x*)b" "-ab-axxb-" "${1}W" }}{{ regexFind "[a-z]" "1b" }}',
    "regex-bad": '{{ regexMatch "(" "x" }}',
    "regex-must": '{{ mustRegexMatch "(" "x" }}',
    "semver": '{{ semverCompare "^1.2.0" "1.3.0" }}{{ (semver "1.2.3").Minor }}',
    "dates": '{{ toDate "2006-01-02" "2026-11-22" | date "02.01.2006" }}',
    "url": '{{ (urlParse "https://a:b@c:1/d?e#f").host }} {{ base "a/b.c" }}{{ ext "a/b.c" }}',
    "unicode": '{{ upper "äß" }}{{ trunc 2 "äö" }}{{ len "ä" }}{{ printf "%q%x%5s" "é" "é" "ö" }}',
    "formats": '{{ printf "%5.2f|%05d|%-4s|%+v|%t|%c|%U" 3.14159 42 "ab" 1 true 65 66 }}',
    "formats-bad": '{{ printf "%d|%s|%z" "x" 5 1 }}{{ printf "%s" }}{{ printf "x" 1 }}',
    "integers": "{{ 0x1F }} {{ 1_000 }} {{ 1e3 }} {{ 'a' }} {{ 07 }} {{ -5 }} {{ mod -7 3 }}",
    "floats": "{{ divf 1 3 }} {{ 1e21 }} {{ addf 0.1 0.2 }} {{ toJson 1.0 }} {{ int 3.0 }}",
    "raw-text": '{{ `a\\n{{ .x }}` }}{{ "a\\tb" }}',
    "nested-calls": '{{ .password | b64enc | b64dec | trunc -3 | printf "%s-%s" "x" }}',
    "dollar": "{{ range list 1 }}{{ $.number }}{{ . }}{{ end }}{{ with .number }}{{ . }}{{ end }}",
    "else-if": '{{ if eq .number "1" }}a{{ else if eq .number "42" }}b{{ else }}c{{ end }}',
    "else-with": "{{ with .none }}a{{ else with .number }}{{ . }}{{ end }}",
    "whole-pretty": "{{ toPrettyJson . | len | lt 10 }}",
    "yaml": "{{ toYaml . }}",
    "ternary": '{{ ternary "a" "b" (eq .number "42") }}{{ and 1 0 }}{{ or 0 "x" }}{{ lt 1 2 }}',
    "fail": '{{ fail "so it is" }}',
    "gone-env": '{{ env "HOME" }}',
    "gone-expandenv": '{{ expandenv "$HOME" }}',
    "gone-host": '{{ getHostByName "localhost" }}',
    # Actions.
    "blanks": "a {{- 1 -}} b {{/* none */}}\n{{ $x := 1 }}{{ $x = 2 }}{{ $x }}",
    "define": '{{ define "a" }}<{{ . }}>{{ end }}{{ template "a" .number }}{{ block "b" 1 }}{{ . }}'
    "{{ end }}",
    "loops": "{{ range $i, $e := list 1 2 3 4 }}{{ if eq $i 1 }}{{ continue }}{{ end }}"
    "{{ if eq $e 4 }}{{ break }}{{ end }}{{ $e }}{{ end }}",
    "template-missing": '{{ template "none" }}',
    # What does not parse.
    "parse-open": "{{ .password ",
    "parse-function": "a\n{{ nope .password }}",
    "parse-end": "{{ if .password }}x",
    "parse-else": "{{ end }}",
    "parse-variable": "{{ $x }}",
    "parse-quote": '{{ "x }}',
    "parse-character": "{{ .a ! }}",
    "parse-empty": "{{ }}",
    "parse-brace": "{{ ( .a }}",
    "parse-comment": "{{/* x }}",
    "parse-number": "{{ 1x }}",
    "arguments-few": "{{ upper }}",
    "arguments-many": '{{ upper "a" "b" }}',
    "arguments-type": "{{ upper 5 }}",
    "call-text": "{{ call .password }}",
    "compare-types": '{{ eq 1 "1" }}',
    "compare-order": "{{ lt .json 5 }}",
    "nil-command": "{{ nil }}",
    "index-text": '{{ index .number 0 }} {{ index .number "x" }}',
    "range-text": "{{ range .number }}x{{ end }}",
    "range-int": "{{ range 3 }}{{ . }}{{ end }}",
}
