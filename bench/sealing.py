# SPDX-License-Identifier: Apache-2.0
"""How many values one core seals and unseals, beside upstream's own code in the same rounds.

Needs no control plane. Upstream's code is Go, on one core too; each side keeps its keys loaded.
What counts is CPU time, which other work on the machine hardly changes.
"""

from collections.abc import Callable
from itertools import combinations, islice
from random import Random
from statistics import mean, median
from time import process_time

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bench.figures import Figure, at_least, span
from bench.sizes import Sizes
from keyfleet.base.clock import SystemClock
from keyfleet.base.sealing import Keyset, SealingKey, load_certificate, load_key, make_key, seal
from keyfleet.base.secret import SecretValue
from keyfleet.localplane.sealedsecrets import SealedSecretsOracle

LABEL = b"shop/database"
VALUE = bytes(100)
TARGET = 2.0
EXPONENT = 65537


def measure_sealing(sizes: Sizes) -> list[Figure]:
    """Seal the same value again and again, in turns."""
    pair = make_key(SystemClock().now(), bits=sizes.bits)
    certificate = load_certificate(pair.certificate)
    value, pem = SecretValue(VALUE), pair.certificate.decode()
    ours, theirs = [], []
    with SealedSecretsOracle() as oracle:
        asked = {"certificate": pem, "value": VALUE, "label": LABEL, "count": sizes.seals}
        for _ in range(sizes.rounds):
            ours.append(_rate(lambda: certificate.seal(value, LABEL), sizes.seals))
            theirs.append(sizes.seals / oracle.ask("time seal", **asked)["seconds"])
    return [_faster("seal", ours, theirs, f"{sizes.bits} bits")]


def measure_unsealing(sizes: Sizes) -> list[Figure]:
    """Unseal with one key; then values of many keys, which no value names: at first and again."""
    keys = _keys(sizes.sealing_keys, sizes.bits)
    with SealedSecretsOracle() as oracle:
        return [_with_one_key(oracle, keys[0], sizes), *_with_many_keys(oracle, keys, sizes)]


def _with_one_key(oracle: SealedSecretsOracle, key: bytes, sizes: Sizes) -> Figure:
    text = _sealed(key)
    keyset = Keyset([_loaded(key)])
    asked = {"keys": [key.decode()], "text": text.encode(), "label": LABEL, "count": sizes.unseals}
    ours, theirs = [], []
    for _ in range(sizes.rounds):
        ours.append(_rate(lambda: keyset.open(text, LABEL), sizes.unseals))
        theirs.append(sizes.unseals / oracle.ask("time open", **asked)["seconds"])
    return _faster("unseal with one key", ours, theirs, f"{sizes.bits} bits")


def _with_many_keys(oracle: SealedSecretsOracle, keys: list[bytes], sizes: Sizes) -> list[Figure]:
    random = Random(0)  # noqa: S311 - the same choice in every run
    loaded = [_loaded(key) for key in keys]
    asked = {"keys": [key.decode() for key in keys], "label": LABEL, "count": 1}
    first, again, theirs = [], [], []
    for _ in range(sizes.rounds):
        texts = [_sealed(random.choice(keys)) for _ in range(sizes.unseals // 10)]
        keyset = Keyset(loaded)
        first.append(_rate_of_each(keyset, texts))
        again.append(_rate_of_each(keyset, texts))
        answers = [oracle.ask("time open", text=text.encode(), **asked) for text in texts]
        theirs.append(1 / mean(answer["seconds"] for answer in answers))
    note = f"each value sealed for a random one of {len(keys)}"
    return [
        _faster("unseal at first with many keys", first, theirs, note),
        _faster("unseal again with many keys", again, theirs, note),
    ]


def _keys(count: int, bits: int) -> list[bytes]:
    """Return different keys; pairs of fewer primes, since finding one takes most of a second."""
    primes: list[int] = []
    while len(primes) * (len(primes) - 1) < 2 * count:
        numbers = rsa.generate_private_key(EXPONENT, bits).private_numbers()
        primes += numbers.p, numbers.q
    return [_key_of(*pair) for pair in islice(combinations(primes, 2), count)]


def _key_of(p: int, q: int) -> bytes:
    d = pow(EXPONENT, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(EXPONENT, p * q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
    return numbers.private_key(unsafe_skip_rsa_key_validation=True).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def _loaded(key: bytes) -> SealingKey:
    return load_key(SecretValue(key))


def _sealed(key: bytes) -> str:
    return seal(_loaded(key).key.public_key(), SecretValue(VALUE), LABEL).text()


def _rate(work: Callable[[], object], times: int) -> float:
    began = process_time()
    for _ in range(times):
        work()
    return times / (process_time() - began)


def _rate_of_each(keyset: Keyset, texts: list[str]) -> float:
    began = process_time()
    for text in texts:
        keyset.open(text, LABEL)
    return len(texts) / (process_time() - began)


def _faster(name: str, ours: list[float], theirs: list[float], note: str) -> Figure:
    factor = median(our / their for our, their in zip(ours, theirs, strict=True))
    note = f"a second: {span(ours)}; upstream {span(theirs)}; {note}"
    return at_least(f"{name}, against upstream's code", factor, TARGET, "", note)
