# SPDX-License-Identifier: Apache-2.0
"""Flags of `run` that say how sealing keys are found, made and renewed: upstream's, by its names.

Source: compat/sealed-secrets.md 3.2, 3.6.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, TypeVar

from cyclopts import Group, Parameter

from keyfleet.base import goduration
from keyfleet.base.errors import InvalidInputError
from keyfleet.engine.sealing.keysecrets import DEFAULT_NAMESPACE, DEFAULT_PREFIX, Priority
from keyfleet.engine.sealing.settings import SealingSettings
from keyfleet.model.selectors import Requirement, requirement_problem

T = TypeVar("T")

BITS_MIN, BITS_MAX = 2048, 8192
PREFIX_MAX = 245
"""Longest prefix of a name: an API server takes 253 characters."""

_PREFIX = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?-?")
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_KEYS = Group("Keys of Sealed Secrets", sort_key=5)


def _flag(name: str, metavar: str, negative: str = "") -> Parameter:
    variable = "KEYFLEET_" + name.removeprefix("--").upper().replace("-", "_")
    return Parameter(name=name, metavar=metavar, env_var=variable, negative=negative)


@Parameter(name="*", group=_KEYS)
@dataclass(frozen=True, slots=True)
class KeyOptions:
    """How sealing keys are found, made and renewed."""

    namespace: Annotated[str, _flag("--sealed-secrets-key-namespace", "NAME")] = DEFAULT_NAMESPACE
    """Where each cluster keeps its sealing keys; default kube-system."""
    prefix: Annotated[str, _flag("--sealed-secrets-key-prefix", "TEXT")] = DEFAULT_PREFIX
    """What the names of new key Secrets begin with; default sealed-secrets-key."""
    size: Annotated[int, _flag("--sealed-secrets-key-size", "BITS")] = 4096
    """Size of new RSA keys; default 4096."""
    ttl: Annotated[str, _flag("--sealed-secrets-key-ttl", "DURATION")] = "87600h"
    """How long new certificates are valid; default 87600h, ten years."""
    my_cn: Annotated[str, _flag("--sealed-secrets-my-cn", "NAME")] = ""
    """Common name of new certificates; default: none."""
    renew_period: Annotated[str, _flag("--sealed-secrets-key-renew-period", "DURATION")] = "720h"
    """How old a cluster's newest key grows before another is made, 0 for never; default 720h."""
    order_priority: Annotated[str, _flag("--sealed-secrets-key-order-priority", "NAME")] = (
        Priority.CERT_NOT_BEFORE.value
    )
    """What makes a key the newest: CertNotBefore or SecretCreationTimestamp."""
    cutoff_time: Annotated[str, _flag("--sealed-secrets-key-cutoff-time", "TIME")] = ""
    """A newest key from before this moment is replaced, such as one that was compromised; written
    like Fri, 20 Nov 2026 09:00:00 +0000."""
    labels: Annotated[str, _flag("--sealed-secrets-privatekey-labels", "NAME=TEXT,...")] = ""
    """Labels of new key Secrets, besides the one that puts them into use."""
    annotations: Annotated[
        str, _flag("--sealed-secrets-privatekey-annotations", "NAME=TEXT,...")
    ] = ""
    """Annotations of new key Secrets."""
    accept_v1: Annotated[
        bool,
        _flag("--sealed-secrets-accept-deprecated-v1-data", "", "--no-sealed-secrets-v1-data"),
    ] = True
    """Open complete Secrets that kubeseal before 0.7 sealed as one text; default: yes."""


NO_KEY_OPTIONS = KeyOptions()


def settings_of(options: KeyOptions) -> SealingSettings:
    """Return what the flags say.

    Raises:
        InvalidInputError: `cli.usage`: one of them cannot be; the subject names it.
    """
    return SealingSettings(
        namespace=_matching(options.namespace, "key-namespace", _NAMESPACE, 63),
        prefix=_matching(options.prefix, "key-prefix", _PREFIX, PREFIX_MAX),
        bits=_bits(options.size),
        validity=_duration(options.ttl, "key-ttl", least=timedelta(seconds=1)),
        common_name=_common_name(options.my_cn),
        renew_period=_duration(options.renew_period, "key-renew-period", least=timedelta()),
        priority=_priority(options.order_priority),
        cutoff=_moment(options.cutoff_time) if options.cutoff_time else None,
        labels=_pairs(options.labels, "privatekey-labels", _is_label),
        annotations=_pairs(options.annotations, "privatekey-annotations", _is_annotation),
        takes_whole=options.accept_v1,
    )


def _matching(text: str, flag: str, form: re.Pattern[str], longest: int) -> str:
    if len(text) > longest or not form.fullmatch(text):
        hint = f"use a-z, 0-9 and dashes, at most {longest} characters"
        raise _wrong(flag, "not a name that an API server takes", hint)
    return text


def _bits(size: int) -> int:
    if not BITS_MIN <= size <= BITS_MAX or size % 8:
        hint = f"use {BITS_MIN} to {BITS_MAX} bits, a multiple of 8"
        raise _wrong("key-size", "not a size of keys to make", hint)
    return size


def _duration(text: str, flag: str, *, least: timedelta) -> timedelta:
    try:
        found = goduration.parse(text)
    except InvalidInputError:
        found = None
    if found is None or not least <= found <= timedelta(days=36_500):
        raise _wrong(flag, "not a duration", "write it as in Go, such as 720h, up to a century")
    return found


def _common_name(text: str) -> str:
    if len(text) > 64 or not text.isprintable():
        raise _wrong("my-cn", "not a common name", "use at most 64 printable characters")
    return text


def _priority(text: str) -> Priority:
    try:
        return Priority(text)
    except ValueError:
        hint = f"use one of: {', '.join(Priority)}"
    raise _wrong("key-order-priority", "not an order of keys", hint)


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%a, %d %b %Y %H:%M:%S %z")
    except ValueError:
        hint = "write it as in RFC 1123, such as Fri, 20 Nov 2026 09:00:00 +0000"
    raise _wrong("key-cutoff-time", "not a time", hint)


def _pairs(text: str, flag: str, is_taken: Callable[[str, str], bool]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for entry in filter(None, text.split(",")):
        name, equals, value = entry.partition("=")
        if not equals or not is_taken(name, value):
            hint = "write NAME=TEXT,NAME=TEXT as an API server takes them"
            raise _wrong(flag, "not a list of names and texts", hint)
        found.setdefault(name, value)
    return found


def _is_label(name: str, value: str) -> bool:
    return not requirement_problem(Requirement(name, "In", (value,)))


def _is_annotation(name: str, value: str) -> bool:
    return not requirement_problem(Requirement(name.lower(), "Exists")) and value.isprintable()


def _wrong(flag: str, message: str, hint: str) -> InvalidInputError:
    return InvalidInputError("cli.usage", message, f"--sealed-secrets-{flag}", hint)
