# SPDX-License-Identifier: Apache-2.0
"""AWS' error codes, sorted by what they mean to us.

Source: AWS' common errors, and those of GetSecretValue, GetParameter and AssumeRole.
"""

from typing import Final

ABSENT: Final = frozenset({"ResourceNotFoundException", "ParameterNotFound"})
NO_VERSION: Final = frozenset({"ParameterVersionNotFound"})
NO_SUCH_VALUE: Final = "secret value"
"""Tells a secret without that version from no secret; AWS has one code for both."""
LEAVING: Final = frozenset({"InvalidRequestException", "InvalidParameterException"})
MARKED: Final = ("marked for deletion", "marked deleted")
THROTTLED: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
    }
)
DENIED: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IDPRejectedClaim",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidIdentityToken",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "OptInRequired",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)
FAILED: Final = frozenset(
    {
        "IDPCommunicationError",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServiceError",
        "RequestTimeout",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    }
)
