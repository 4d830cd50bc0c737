# SPDX-License-Identifier: Apache-2.0
"""What templates of Vault's agent read from Vault, and the objects they get.

Source: docs/compat/go-templates.md 19, docs/compat/vault.md 2.5.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.quoting import quoted
from keyfleet.transform.gotemplate.functions.table import STRING, Table
from keyfleet.transform.gotemplate.reads import SecretRead
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import (
    INVALID,
    GoList,
    GoObject,
    nil_list,
    strings,
)

VAULT: Final = Table()
_ISSUED_METHODS: Final = Table()


@dataclass(frozen=True, slots=True)
class SecretAuth(GoObject):
    """The token that a login gave."""

    go_type: ClassVar[str] = "*dependency.SecretAuth"
    client_token: str
    accessor: str = ""
    policies: GoList = field(default_factory=lambda: strings(()))
    metadata: Mapping[str, str] = field(default_factory=dict)
    lease_duration: int = 0
    renewable: bool = False

    def fields(self) -> Mapping[str, Any]:
        """Return the fields by Go's names."""
        return {
            "ClientToken": self.client_token,
            "Accessor": self.accessor,
            "Policies": self.policies,
            "Metadata": self.metadata,
            "LeaseDuration": self.lease_duration,
            "Renewable": self.renewable,
        }


@dataclass(frozen=True, slots=True)
class SecretWrapInfo(GoObject):
    """Where a wrapped response waits."""

    go_type: ClassVar[str] = "*dependency.SecretWrapInfo"
    token: str
    ttl: int = 0
    creation_time: Any = None
    wrapped_accessor: str = ""

    def fields(self) -> Mapping[str, Any]:
        """Return the fields by Go's names."""
        return {
            "Token": self.token,
            "TTL": self.ttl,
            "CreationTime": self.creation_time,
            "WrappedAccessor": self.wrapped_accessor,
        }


@dataclass(frozen=True, slots=True)
class Secret(GoObject):
    """Vault's answer to a read or a write."""

    go_type: ClassVar[str] = "*dependency.Secret"
    data: dict[str, Any]
    """Go values; numbers are `JsonNumber`, as Vault wrote them (see `formats.json.decode_json`)."""
    request_id: str = ""
    lease_id: str = ""
    lease_duration: int = 0
    renewable: bool = False
    warnings: GoList = field(default_factory=lambda: strings(()))
    auth: SecretAuth | None = None
    wrap_info: SecretWrapInfo | None = None

    def fields(self) -> Mapping[str, Any]:
        """Return the fields by Go's names."""
        return {
            "RequestID": self.request_id,
            "LeaseID": self.lease_id,
            "LeaseDuration": self.lease_duration,
            "Renewable": self.renewable,
            "Data": self.data,
            "Warnings": self.warnings,
            "Auth": self.auth,
            "WrapInfo": self.wrap_info,
        }


@dataclass(frozen=True, slots=True)
class IssuedCertificate(GoObject):
    """What `pkiCert` gives, in PEM."""

    go_type: ClassVar[str] = "dependency.PemEncoded"
    methods: ClassVar[Mapping[str, Any]] = _ISSUED_METHODS
    cert: str
    key: str = ""
    ca: str = ""
    ca_chain: GoList = field(default_factory=lambda: strings(()))

    def fields(self) -> Mapping[str, Any]:
        """Return the fields by Go's names."""
        return {"Cert": self.cert, "Key": self.key, "CA": self.ca, "CAChain": self.ca_chain}


_ISSUED_METHODS.function("Data")(lambda issued: issued)


@VAULT.function("secret", variadic=STRING, run=True)
def secret(run: Run, *arguments: str) -> Any:
    """Return the secret at a path, or the answer to writing parameters there."""
    if not arguments:
        return None
    return _resolved(run, "secret", arguments)


@VAULT.function("pkiCert", variadic=STRING, run=True)
def pki_cert(run: Run, *arguments: str) -> Any:
    """Return a certificate that Vault issues for the parameters."""
    if not arguments:
        return None
    return _resolved(run, "pkiCert", arguments)


@VAULT.function("secrets", params=(STRING,), run=True)
def secrets(run: Run, path: str) -> GoList:
    """Return the names below a path; none while they are unknown, or where there are none."""
    names: Any = _resolved(run, "secrets", (path,)) if path else INVALID
    return nil_list("string") if names is INVALID else strings(names or ())


_REQUESTS: Final = {"secret": "read", "secrets": "list", "pkiCert": "pki"}


def _resolved(run: Run, function: str, arguments: tuple[str, ...]) -> Any:
    path, *pairs = arguments
    parameters = tuple(sorted(map(_parameter, filter(None, pairs)))) if pairs else None
    trimmed = path.strip().strip("/")
    if not trimmed:
        request = "write" if function == "secret" and pairs else _REQUESTS[function]
        raise GoError(f'vault.{request}: invalid format: ""')
    if run.resolver is None:
        raise GoError(f"{function} needs Vault, which this template is rendered without")
    return run.resolver.resolve(SecretRead(function, trimmed, parameters))


def _parameter(pair: str) -> tuple[str, str]:
    name, separator, value = pair.partition("=")
    if not separator:
        raise GoError("not k=v pair ", Data(quoted(pair)))
    return name.strip(), value.strip()
