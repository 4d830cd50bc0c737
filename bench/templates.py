# SPDX-License-Identifier: Apache-2.0
"""CPU of rendering a manifest of twenty lines, beside Python's own formatting of the same text.

Needs no control plane. The bare contestant knows beforehand which line looks how: it formats,
encodes and writes JSON with Python alone, without a template's checks and budget.
"""

from base64 import b64encode
from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Any

from bench.figures import Figure, at_most, ratio, span, told
from bench.sizes import Sizes
from keyfleet.base import codec
from keyfleet.transform.gotemplate import render
from keyfleet.transform.gotemplate.compiling.compiler import Compiled
from keyfleet.transform.gotemplate.functions import function_set
from keyfleet.transform.gotemplate.parsing.parser import parse

TEMPLATE = """\
apiVersion: v1
kind: Secret
metadata:
  name: {{ .name | quote }}
  namespace: {{ .namespace | default "default" }}
  labels:
    tier: {{ .tier | default "backend" | quote }}
{{- range $key, $value := .labels }}
    {{ $key }}: {{ $value | quote }}
{{- end }}
data:
  username: {{ .user | b64enc }}
  password: {{ .password | b64enc | quote }}
  {{- if .tls }}
  ca.crt: {{ .ca | b64enc }}
  {{- else }}
  insecure: {{ "true" | b64enc }}
  {{- end }}
  url: {{ printf "postgres://%s:%s@%s:%d/app" .user .password .host .port | b64enc }}
  config.json: {{ dict "host" .host "port" .port "hosts" .hosts | toJson | b64enc }}
"""
DATA: dict[str, Any] = {
    "name": "database", "namespace": "shop", "user": "service", "password": "correct horse",
    "host": "db.local", "port": 5432, "tls": True, "ca": "certificate " * 100,
    "hosts": ["a.local", "b.local"], "labels": {"app": "shop", "team": "blue", "zone": "east"},
}  # fmt: skip
RENDERS = 200
"""In one round."""


def measure_templates(sizes: Sizes) -> list[Figure]:
    """Render, format, compile, in turns."""
    if _render() != _format():
        raise AssertionError  # the contestants do not do the same work
    rendered, formatted, compiled = [], [], []
    for _ in range(max(sizes.rounds, 2) * 3):
        rendered.append(_cpu_us(_render))
        formatted.append(_cpu_us(_format))
        compiled.append(_cpu_us(_compile, times=10))
    note = f"us: {span(rendered)}; formatted {span(formatted)}; aim 300"
    return [
        at_most("CPU of rendering a 20-line template", median(rendered), 1000, "us", note),
        told("the same against Python's formatting", ratio(rendered, formatted), "", ""),
        told("compiling it, once", median(compiled), "us", ""),
    ]


def _cpu_us(work: Callable[[], object], times: int = RENDERS) -> float:
    begin = process_time()
    for _ in range(times):
        work()
    return (process_time() - begin) / times * 1e6


def _render() -> str:
    return render(TEMPLATE, DATA, functions="sprig")


def _compile() -> Compiled:
    functions = function_set("sprig")
    return Compiled(parse(TEMPLATE, name="t", functions=functions), functions)


def _format() -> str:
    data = DATA
    labels = "".join(f'\n    {key}: "{data["labels"][key]}"' for key in sorted(data["labels"]))
    certificate = "\n  ca.crt: " + _base64(data["ca"]) if data["tls"] else ""
    url = f"postgres://{data['user']}:{data['password']}@{data['host']}:{data['port']}/app"
    config = {"host": data["host"], "hosts": data["hosts"], "port": data["port"]}
    return (
        f'apiVersion: v1\nkind: Secret\nmetadata:\n  name: "{data["name"]}"\n'
        f'  namespace: {data["namespace"]}\n  labels:\n    tier: "{data.get("tier", "backend")}"'
        f"{labels}\ndata:\n  username: {_base64(data['user'])}\n"
        f'  password: "{_base64(data["password"])}"{certificate}\n  url: {_base64(url)}\n'
        f"  config.json: {b64encode(codec.encode_json(config)).decode()}\n"
    )


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()
