# SPDX-License-Identifier: Apache-2.0
"""What External Secrets changed in sprig: `htpasswd` with a choice, `hexdec`.

Source: docs/compat/go-templates.md 16.2 and 16.11.
"""

from hashlib import sha1

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.base64 import standard
from keyfleet.transform.gotemplate.formats.encodings import hexadecimal_decoded
from keyfleet.transform.gotemplate.functions.sprig import crypto_passwords
from keyfleet.transform.gotemplate.functions.table import STRING, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import encoded, joined

CHANGED = Table()


@CHANGED.function("htpasswd", params=(STRING, STRING, STRING), run=True)
def htpasswd(run: Run, user: str, password: str, algorithm: str) -> str:
    """Return a line of a password file, hashed with SHA-1 where that is asked for."""
    if algorithm != "sha" or ":" in user:
        return crypto_passwords.htpasswd(run, user, password)
    digest = sha1(encoded(password), usedforsecurity=False).digest()
    return joined(user, ":{SHA}", standard(digest))


@CHANGED.function("hexdec", params=(STRING,))
def hexdec(text: str) -> str:
    """Return what is written in hexadecimal digits, or as text why it is not."""
    try:
        return hexadecimal_decoded(text)
    except GoError as error:
        return error.go_text()
