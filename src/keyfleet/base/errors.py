# SPDX-License-Identifier: Apache-2.0
"""Every error Keyfleet raises, named by the reaction it asks of the engine.

    KeyfleetError(code, message, subject, hint)
      TemporaryError(retry_after)   try again with back-off
        UnreachableError            network, 5xx, no answer in time
        ThrottledError              429: wait as told
        ConflictError               somebody else wrote: re-read and decide again
        NotReadyError               something this depends on has not arrived yet
      PermanentError                wait until an input changes
        InvalidInputError(path)     a file, flag or kubeconfig cannot be understood
          InvalidIntentError        the manifest cannot be understood
        NotFoundError               an API object is absent
          SecretNotFoundError       the store answered "absent"
        DeniedError                 forbidden, by an API server or by a guard
        OwnershipError              the target belongs to somebody else
        TransformError(key)         the value cannot be shaped as asked
        UnsealError                 sealed values do not open with the keys at hand
        UnsupportedError            the other side cannot do this
      ExpiredError                  a watch position or page is gone: list again
      LostLeadershipError           stop writing now
      InvariantError                a bug: fail this worker loudly, keep the others

`message` is constant text and variables go to `subject`, so that no message can hold a value. What
a server or parser said about a document is never quoted, because it may quote the document.
"""

from datetime import timedelta

_LINE_BREAKS = str.maketrans({"\n": "\\n", "\r": "\\r", "\t": "\\t"})


def one_line(text: str) -> str:
    r"""Return a text from outside so that it is no more than a part of one line.

    >>> one_line("a\n::error::b")
    'a\\n::error::b'
    """
    return text.translate(_LINE_BREAKS)


class KeyfleetError(Exception):
    """What failed (`code`, `message`), on which object (`subject`) and what to do (`hint`)."""

    excerpt: tuple[str, ...] = ()
    """The line of a manifest that is wrong, with a caret below; no value."""

    def __init__(self, code: str, message: str, subject: str = "", hint: str = "") -> None:
        super().__init__(code, message, subject, hint)
        self.code = code
        self.message = message
        self.subject = subject
        self.hint = hint

    def __str__(self) -> str:
        # Files and items may be called as if they were several lines, and the next one not ours.
        subject = one_line(self.subject)
        return f"{self.message}: {subject}" if subject else self.message

    def diagnostics(self) -> str:
        """Return the text a person sees: the error, a hint when there is one, the code."""
        lines = [f"Error: {self}", *self.excerpt]
        if self.hint:
            lines.append(f"Hint: {self.hint}")
        return "\n".join([*lines, f"Docs: {self.code}"])


class TemporaryError(KeyfleetError):
    """Try again with back-off, not before `retry_after` where the other side named a time."""

    def __init__(
        self,
        code: str,
        message: str,
        subject: str = "",
        hint: str = "",
        *,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(code, message, subject, hint)
        self.retry_after = retry_after


class UnreachableError(TemporaryError):
    """No answer: network, TLS, 5xx, or silence past the timeout."""


class ThrottledError(TemporaryError):
    """The other side asks for fewer requests."""


class ConflictError(TemporaryError):
    """Somebody else wrote in between: read again and decide again."""


class NotReadyError(TemporaryError):
    """Something this depends on has not arrived yet."""


class PermanentError(KeyfleetError):
    """Repeating changes nothing: wait until an input changes."""


class InvalidInputError(PermanentError):
    """A file, flag or kubeconfig cannot be understood; `path` says where in it."""

    def __init__(
        self, code: str, message: str, subject: str = "", hint: str = "", *, path: str = ""
    ) -> None:
        super().__init__(code, message, subject, hint)
        self.path = path


class InvalidIntentError(InvalidInputError):
    """A manifest asks for something that cannot be understood."""


class NotFoundError(PermanentError):
    """An API object is absent."""


class SecretNotFoundError(NotFoundError):
    """The store answered "absent"; forbidden looks the same on purpose."""


class DeniedError(PermanentError):
    """Forbidden, by an API server or by a guard."""


class OwnershipError(PermanentError):
    """The object belongs to somebody else."""


class TransformError(PermanentError):
    """The value cannot be shaped as asked; `key` is the key's name."""

    def __init__(
        self, code: str, message: str, subject: str = "", hint: str = "", *, key: str = ""
    ) -> None:
        super().__init__(code, message, subject, hint)
        self.key = key


class UnsealError(PermanentError):
    """Sealed values do not open; another key may open them, so that one that arrives is tried."""


class UnsupportedError(PermanentError):
    """The other side cannot do what is asked."""


class ExpiredError(KeyfleetError):
    """A watch position or list page is gone (410): list again."""


class LostLeadershipError(KeyfleetError):
    """Another replica leads: stop writing now."""


class InvariantError(KeyfleetError):
    """A bug in Keyfleet."""
