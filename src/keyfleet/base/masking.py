# SPDX-License-Identifier: Apache-2.0
"""Find secrets in text by the forms in which they travel, and mask them.

Known forms: URL userinfo, query parameters and assignments with a sensitive name, bearer tokens,
PEM private keys, tokens with a telling prefix. In doubt this masks too much. Every pattern runs in
time linear to the text, since the text may come from an attacker.
"""

import re
from collections.abc import Callable

MASK = "***"

TEXT_MAX = 32_768
"""Longer text is cut at a space, so that no half secret escapes its pattern."""

_SENSITIVE = {
    *("password", "passwords", "passwd", "passphrase", "secret", "secrets", "token", "tokens"),
    *("authorization", "cookie", "cookies", "credential", "credentials", "apikey", "data"),
    *("signature", "sig"),
}
_ENDINGS = (
    *("password", "passwd", "passphrase", "secret", "token", "authorization", "cookie"),
    *("apikey", "accesskey", "privatekey", "keydata", "stringdata", "credentials", "signature"),
)
# What such a last word says of a secret is no secret: secret_name, tokenCount.
_ABOUT = {
    *("name", "names", "namespace", "namespaces", "kind", "type", "ref", "count", "size", "bytes"),
    *("file", "path", "version", "uid"),
}
_WORD = re.compile(r"[A-Z]++(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_NAME_MAX = 256

_PEM = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
_BEARER = re.compile(r"(?i)\b(bearer\s+|(?:basic|negotiate)\s+(?=\S{8}))[^\s\"',;]+")
_KNOWN = re.compile(
    r"(?<![\w-])eyJ[\w-]{8,}+\.[\w.-]+"  # JSON web tokens
    r"|LS0tLS1CRUdJTi[\w+/=]*"  # PEM in base64
    r"|\bhv[sbr]\.[\w-]{8,}"  # Vault
    r"|\b(?:gh[pousr]|github_pat)_\w{16,}"
    r"|\bAGE-SECRET-KEY-1\w+"
)
# Every form above and below has one of these; in names and versions there is mostly none.
_SUSPICIOUS = re.compile(r"[\s=:]|eyJ|LS0t|hv[sbr]\.|gh[pousr]_|github_|SECRET")
_PARAMETER = re.compile(r"(?<=[?&;#])([^\s=&?#;]{1,64})=([^\s&#\"'<>]+)")
_ASSIGNED = re.compile(
    r"(?<![\w.-])([\w.-]++)(=|[\"']\s{0,9}[:=]\s{0,9})(\"[^\"]*+\"?|'[^']*+'?|[^\s,;&}\]]+)"
)
_YAML = re.compile(r"(?m)^([ \t]*+(?:- )?([\w.-]++):[ \t])[ \t]*+\S.*(?:\n[ \t]++\S.*)*")


def is_sensitive(name: str) -> bool:
    """Tell whether a field of this name is expected to hold a secret.

    >>> [is_sensitive(name) for name in ("client-key-data", "accessToken", "secret_name", "key")]
    [True, True, False, False]
    """
    words = [word.lower() for word in _WORD.findall(name[-_NAME_MAX:])]
    if not words or words[-1] in _ABOUT:
        return False
    return not _SENSITIVE.isdisjoint(words) or "".join(words).endswith(_ENDINGS)


def mask_text(text: str) -> str:
    """Return the text with every recognised secret masked.

    >>> mask_text("GET https://me:hunter2@vault/v1?sig=abc with Bearer eyJ0")
    'GET https://***@vault/v1?sig=*** with Bearer ***'

    Returns:
        Text that UTF-8 can encode, at most about `TEXT_MAX` characters.
    """
    if len(text) <= TEXT_MAX and text.isascii() and not _SUSPICIOUS.search(text):
        return text
    text = _bounded(text.encode("utf-8", "backslashreplace").decode())
    if "PRIVATE KEY" in text:
        text = _PEM.sub("[private key]", text)
    if "://" in text:
        text = re.sub(r"\S+", _without_userinfo, text)
    text = _BEARER.sub(rf"\1{MASK}", text)
    text = _KNOWN.sub(MASK, text)
    if "=" in text:
        text = _PARAMETER.sub(_if_sensitive(1, lambda found: f"{found[1]}={MASK}"), text)
    if "=" in text or ":" in text:
        text = _ASSIGNED.sub(_if_sensitive(1, lambda found: f"{found[1]}{found[2]}{MASK}"), text)
        text = _YAML.sub(_if_sensitive(2, lambda found: f"{found[1]}{MASK}"), text)
    return text


def _bounded(text: str) -> str:
    if len(text) <= TEXT_MAX:
        return text
    head, space, _ = text[:TEXT_MAX].rpartition(" ")
    return f"{head} ...(cut)" if space else MASK


def _if_sensitive(
    group: int, replacement: Callable[[re.Match[str]], str]
) -> Callable[[re.Match[str]], str]:
    return lambda found: replacement(found) if is_sensitive(found[group]) else found[0]


def _without_userinfo(found: re.Match[str]) -> str:
    shown, word = "", found[0]
    while "://" in word:
        scheme, _, rest = word.partition("://")
        host = re.split(r"[/?#]", rest, maxsplit=1)[0]
        # A colon that no port follows begins a password, which may hold a raw slash.
        has_password = re.fullmatch(r"[^@:\[]*+:(?!\d*[\"')\],]*$).*", host) is not None
        end = rest.rfind("@") if has_password else host.rfind("@")
        masked = f"{MASK}@" if end >= 0 else ""
        shown, word = f"{shown}{scheme}://{masked}", rest[end + 1 :]
    return shown + word
