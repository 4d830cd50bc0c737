# SPDX-License-Identifier: Apache-2.0
"""Upstream's own code for sealed values, as a process that answers requests.

`gomod/kubeseal/main.go` is the other end; its table `actions` lists what can be asked.
"""

import os
import subprocess
from base64 import b64decode, b64encode
from types import TracebackType
from typing import IO, Any, Self, cast

from keyfleet.base import codec
from keyfleet.localplane import assets

_END_TIMEOUT_S = 10.0


class SealedSecretsOracle:
    """What Sealed Secrets' own Go code says.

    with SealedSecretsOracle() as oracle:
        oracle.ask("decode", text=b"YQ==")
    """

    def __init__(self) -> None:
        """Start it, on one core; it ends when its input does, however that comes."""
        self._process = subprocess.Popen(
            [str(assets.ensure_tool("sealed-secrets-oracle"))],
            env={**os.environ, "GOMAXPROCS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._requests = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)

    def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        """Return the answer to one request; bytes may be given, and `value` is bytes.

        An answer holds `error` where upstream gives one.
        """
        request = {"do": do} | {name: _plain(value) for name, value in fields.items()}
        self._requests.write(codec.encode_json(request) + b"\n")
        self._requests.flush()
        answer: dict[str, Any] = codec.decode_json(self._answers.readline(), subject=do)
        if "error" not in answer:
            answer["value"] = b64decode(answer.get("value", ""))
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate(timeout=_END_TIMEOUT_S)


def _plain(value: Any) -> Any:
    return b64encode(value).decode() if isinstance(value, bytes) else value
