# SPDX-License-Identifier: Apache-2.0
"""Render one source and say what must not have happened."""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from keyfleet.testing.canary import CANARY_PREFIX, find_canary
from keyfleet.transform.gotemplate import TemplateError, render

CPU_S = 2.0
STATM = Path("/proc/self/statm")
MEMORY_BYTES = 100 << 20
SECRET = f"{CANARY_PREFIX}fuzz-value"
SLOW = ("genPrivateKey", "genCA", "genSelfSignedCert", "genSignedCert")
"""Key generators may take their time: RSA keys do."""
DATA: dict[str, Any] = {
    "password": SECRET,
    "list": ["a", "b", 3, None, 1.5, [True], SECRET],
    "map": {"k": "v", "n": 1, "secret": SECRET},
    "nested": {"deep": {"value": "x"}},
    "number": 42,
    "float": 1e21,
    "yes": True,
    "null": None,
    "pem": "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n",
    "json": '{"a": [1, {"b": null}], "s": "x"}',
    "yaml": "a: [1, 2]\nb: {c: d}\n",
    "b64": "aGVsbG8=",
    "text": "The quick brown fox\njumps é😀",
    "items": {"x": {"y": 1}},
    "binary": "\udcff\x00é",
    "digits": "9" * 5000,
    "controls": "\n\x00\u2028\x7f<&\"'\\" * 500,
    "brackets": "[" * 3000,
    "bits": "(a|b)*c{9}\\pL",
    "laughs": "a: &a [x, x]\nb: &b [*a, *a]\nc: {<<: {k: *b}, ? [1] : 2}\n",
    "wide": [*map(str, range(300))] * 100,
    "many": {f"k{n}": [n, f"{n}"] for n in range(250)},
    "nothing": "",
}


def problem(
    source: str, functions: str, seed: int = 0, *, data: Any = DATA, cpu_s: float = CPU_S
) -> str:
    """Return what went wrong; empty where the source was rendered or refused in good order."""
    began = time.process_time()
    try:
        with bounded_memory():
            render(source, data, functions=functions, random=Random(seed))
    except TemplateError as error:
        if find_canary(str(error)) and CANARY_PREFIX not in source:
            return f"the error quotes a value: {str(error)!r}"
    except MemoryError:
        return f"it takes more than {MEMORY_BYTES} bytes"
    except BaseException as error:  # noqa: BLE001 - whatever else escapes is what is looked for
        return f"raises {type(error).__name__}: {error!r}"
    took_s = time.process_time() - began
    if took_s > cpu_s and not any(name in source for name in SLOW):
        return f"it takes {took_s:.1f} s of CPU"
    return ""


@contextmanager
def bounded_memory() -> Iterator[None]:
    """Let this process take no more than a render may, above what it has now."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    held = int(STATM.read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
