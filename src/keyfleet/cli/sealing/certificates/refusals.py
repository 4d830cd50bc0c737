# SPDX-License-Identifier: Apache-2.0
"""Errors of answers that an API server only passed on."""

from keyfleet.base.errors import KeyfleetError


def explained(error: KeyfleetError) -> KeyfleetError:
    """Return the error of a proxied answer: the server only passed it on."""
    if error.code not in ("api.server_error", "api.invalid", "api.unexpected_answer"):
        return error
    hint = "the controller did not accept it: is it one SealedSecret that its keys open?"
    return type(error)(
        "sealing.refused", "the controller failed or refuses this", error.subject, hint
    )
