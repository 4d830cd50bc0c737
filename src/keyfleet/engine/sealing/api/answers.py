# SPDX-License-Identifier: Apache-2.0
"""What the API answers: the bytes of a request and the keys in, status and body out; no I/O.

An error's text never goes out: the statuses are upstream's, and their bodies are constant.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from keyfleet.base.codec import encode_json
from keyfleet.base.errors import InvalidInputError, KeyfleetError, NotFoundError, TemporaryError
from keyfleet.base.sealing import SealingCertificate
from keyfleet.engine.sealing.api.keys import ClusterKeys
from keyfleet.engine.sealing.api.manifest import read_manifest
from keyfleet.engine.sealing.api.rotate import Convert, InTime, opens, rotated

PEM = "application/x-pem-file"
JSON = "application/json"
TEXT = "text/plain; charset=utf-8"

AGAIN_S = 1
"""After this the next try may find a replica that knows the keys; kubeseal's client does try."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: bytes = b""
    content_type: str = TEXT
    headers: Mapping[str, str] = field(default_factory=dict)

    def with_headers(self, headers: Mapping[str, str]) -> "Answer":
        """Return it with further headers."""
        return replace(self, headers={**self.headers, **headers})


OPENS = Answer(200)
OPENS_NOT = Answer(409)
FAILED = Answer(500)
NO_CERTIFICATE = Answer(500, b"cannot get certificate\n")
NO_CLUSTER = Answer(404, b"no such cluster\n")
UNREADABLE = Answer(400)
TOO_LARGE = Answer(413, b"request is too large\n")
TOO_MUCH = Answer(413, b"too many sealed items to try\n")
LIMITED = Answer(429, b"limit exceeded\n")
BUSY = Answer(429, b"too many requests are under way\n", headers={"Retry-After": str(AGAIN_S)})


def unready(reason: str) -> Answer:
    """Return the answer of a replica that cannot answer now.

    Args:
        reason: For people; constant text.
    """
    return Answer(503, f"{reason}\n".encode(), headers={"Retry-After": str(AGAIN_S)})


def certificate(found: SealingCertificate | None) -> Answer:
    """Return a cluster's newest certificate; None: it has no key."""
    return Answer(200, found.pem, PEM) if found else NO_CERTIFICATE


def verify(keys: ClusterKeys, body: bytes, in_time: InTime) -> Answer:
    """Tell whether a SealedSecret opens, and nothing else; CPU-bound."""
    try:
        return OPENS if opens(read_manifest(body), keys.keyset, in_time) else OPENS_NOT
    except KeyfleetError as error:
        return refusal(error)


def rotate(
    keys: ClusterKeys, body: bytes, in_time: InTime, convert: Convert | None = None
) -> Answer:
    """Seal a SealedSecret anew with a cluster's newest certificate; CPU-bound."""
    if keys.certificate is None:
        return NO_CERTIFICATE
    try:
        document = rotated(read_manifest(body), keys.keyset, keys.certificate, in_time, convert)
    except KeyfleetError as error:
        return refusal(error)
    return Answer(200, encode_json(document), JSON)


def refusal(error: KeyfleetError) -> Answer:
    """Return the constant answer that stands for an error."""
    match error:
        case NotFoundError():
            return NO_CLUSTER
        case TemporaryError():
            return unready(error.message)
        case InvalidInputError(code="sealing.slow"):
            return TOO_MUCH
        case _:
            return FAILED
