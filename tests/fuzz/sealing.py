# SPDX-License-Identifier: Apache-2.0
"""Fuzz what reads sealed values, sealing keys and certificates for minutes: `make fuzz`.

Good ones are bent: as text, as PEM, and as the bytes within. Each has to end in order, in little
CPU time and memory: in the value that was sealed, in a key that works, or in an error of its own
that tells nothing. What is found is written to `tests/fuzz/corpus_sealing`, which `make test`
plays.
"""

import base64
import hashlib
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from tests.fuzz.running import FINDINGS_MAX, Finding, fuzz
from tests.fuzz.trying import MEMORY_BYTES, SECRET, bounded_memory

from keyfleet.base.errors import DeniedError, InvalidInputError
from keyfleet.base.sealing import (
    Envelope,
    Keyset,
    SealingKey,
    fingerprint_of,
    load_certificate,
    load_key,
    seal,
)
from keyfleet.base.secret import SecretValue
from keyfleet.testing.canary import find_canary

CORPUS = Path(__file__).parent / "corpus_sealing"
CPU_S = 1.0
NOW = datetime(2026, 6, 1, tzinfo=UTC)
LABEL = b"shop/db"
VALUE = SecretValue(SECRET.encode())
KINDS = ("value", "value", "certificate", "key")
TOKENS = [
    b"", b"\0", b"\xff", b"\n", b"\r\n", b"=", b"A", b"AAAA", b"-----BEGIN ", b"-----END ",
    b"-----", b"RSA PRIVATE KEY", b"a: b\n", b"\x30\x80", b"\x02\x01\x00",
    b"\x02\x81\xff", b"\xff\xff", b":",
]  # fmt: skip


class Case(msgspec.Struct, frozen=True):
    """One input, and what was wrong with it."""

    kind: str
    raw: bytes
    about: str = ""

    def keep(self) -> Path:
        """Write it into the corpus, under a name of its own."""
        raw = msgspec.json.encode(Case(self.kind, self.raw))
        path = CORPUS / f"{hashlib.sha256(raw).hexdigest()[:12]}.json"
        path.write_bytes(raw + b"\n")
        return path


def corpus() -> list[Case]:
    """Return what was found earlier."""
    return [
        msgspec.json.decode(file.read_bytes(), type=Case) for file in sorted(CORPUS.glob("*.json"))
    ]


@cache
def fixed_key() -> rsa.RSAPrivateKey:
    """Return a key that is the same in every run, so that a finding stays one."""
    random = Random(0)
    p, q = (_prime(random, 512) for _ in "pq")
    e = 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(e, p * q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
    return numbers.private_key()


def _prime(random: Random, bits: int) -> int:
    while True:
        number = random.getrandbits(bits) | (3 << bits - 2) | 1
        if number % 65537 != 1 and all(pow(base, number - 1, number) == 1 for base in (2, 3, 5)):
            return number


@cache
def keyset() -> Keyset:
    """Return the key that sealed the values."""
    key = fixed_key()
    return Keyset([SealingKey(key, fingerprint_of(key.public_key()))])


@cache
def good(kind: str) -> list[bytes]:
    """Return what is not bent yet, as texts."""
    key = fixed_key()
    if kind == "value":
        return [seal(key.public_key(), VALUE, LABEL).text().encode() for _ in range(4)]
    if kind == "key":
        forms = serialization.PrivateFormat
        return [
            key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
            for form in (forms.TraditionalOpenSSL, forms.PKCS8)
        ]
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "fuzz")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 7, NOW, NOW)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    return [made.public_bytes(serialization.Encoding.PEM)]


def cases(random: Random) -> Iterator[Case]:
    """Give case after case."""
    while True:
        kind = random.choice(KINDS)
        text = random.choice(good(kind))
        if random.random() < 0.7:
            text = _bent_within(random, kind, text)
        if random.random() < 0.5:
            text = _bent(random, text)
        yield Case(kind, text)


def _bent_within(random: Random, kind: str, text: bytes) -> bytes:
    if kind == "value":
        return base64.b64encode(_bent(random, base64.b64decode(text)))
    first, *body, last = text.splitlines()
    der = _bent(random, base64.b64decode(b"".join(body)))
    return b"\n".join([first, base64.encodebytes(der).rstrip(), last, b""])


def _bent(random: Random, raw: bytes) -> bytes:
    """Return bytes with a few cuts, copies, changes and insertions."""
    for _ in range(random.randint(1, 3)):
        start = random.randrange(len(raw) + 1)
        end = min(len(raw), start + random.choice((0, 0, 1, 1, 2, 8, 64)))
        put = random.choice(
            [random.randbytes(end - start), random.choice(TOKENS), raw[start:end] * 2]
        )
        raw = raw[:start] + put + raw[end:]
    if random.random() < 0.02:
        raw *= random.choice((2, 100, 3000))
    return raw


def problem(case: Case, *, cpu_s: float = CPU_S) -> str:
    """Return what went wrong; empty where the case ended in good order."""
    began = time.process_time()
    try:
        with bounded_memory():
            about = _tried(case)
    except (InvalidInputError, DeniedError) as error:
        about = _told_too_much(error)
    except MemoryError:
        about = f"it takes more than {MEMORY_BYTES} bytes"
    except BaseException as error:  # noqa: BLE001 - whatever else escapes is what is looked for
        about = f"raises {type(error).__name__}: {error!r}"
    took_s = time.process_time() - began
    return about or (f"it takes {took_s:.1f} s of CPU" if took_s > cpu_s else "")


def _told_too_much(error: InvalidInputError | DeniedError) -> str:
    if error.__context__ is not None or error.__cause__ is not None:
        return f"the error keeps another: {error.__context__!r}"
    return f"the error quotes a value: {error!r}" if find_canary(error.diagnostics()) else ""


def _tried(case: Case) -> str:
    match case.kind:
        case "value":
            text = case.raw.decode("utf-8", "replace")
            if keyset().open(text, LABEL).value != VALUE:
                return "it opens to another value"
            if Envelope.parse(Envelope.parse(text).text()) != Envelope.parse(text):
                return "its parts are not those of its text"
        case "certificate":
            certificate = load_certificate(case.raw)
            certificate.is_expired(NOW)
            Envelope.parse(certificate.seal(VALUE, LABEL))
            if load_certificate(certificate.pem).fingerprint != certificate.fingerprint:
                return "its text is not its own"
        case _:
            key = load_key(SecretValue(case.raw))
            if key.open(seal(key.key.public_key(), VALUE, LABEL), LABEL) != VALUE:
                return "it opens nothing"
    return ""


def work(seed: int, end_s: float) -> tuple[int, list[Finding]]:
    """Fuzz from one seed until the time is over; return how many cases, and what was found."""
    tried = 0
    found: list[Finding] = []
    stream = cases(Random(seed))
    while time.time() < end_s and len(found) < FINDINGS_MAX:
        case = next(stream)
        if about := problem(case):
            found.append(Case(case.kind, case.raw, about))
        tried += 1
    return tried, found


if __name__ == "__main__":
    sys.exit(fuzz(work, __doc__))
