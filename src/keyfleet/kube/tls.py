# SPDX-License-Identifier: Apache-2.0
"""TLS contexts for API servers: the cluster's CA alone, client keys without a file on disk.

A context with only the cluster's CA costs 0.2 ms and 19 KiB, against 17 ms and 0.8 MiB with the
system's CAs; a thousand clusters make that the difference between nothing and a gigabyte.
"""

import ssl

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.http import system_tls
from keyfleet.kube.access import ClientCertificate, Endpoint
from keyfleet.kube.memfile import load_client_certificate


def tls_context(
    endpoint: Endpoint, certificate: ClientCertificate | None, *, subject: str
) -> ssl.SSLContext:
    """Return the context for one endpoint and one client certificate.

    Raises:
        InvalidInputError: The CA bundle, certificate or key is not usable PEM; nothing is quoted.
    """
    if certificate is None and not endpoint.ca_pem and not endpoint.insecure:
        return system_tls()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    _trust(context, endpoint, subject)
    if certificate is not None:
        load_client_certificate(context, certificate, subject=subject)
    return context


def _trust(context: ssl.SSLContext, endpoint: Endpoint, subject: str) -> None:
    if endpoint.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return
    if not endpoint.ca_pem:
        context.load_default_certs()
        return
    # Go trusts every certificate of the bundle as a root, an intermediate or leaf included.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        # PEM files may carry comments in any encoding between the certificates.
        context.load_verify_locations(cadata=endpoint.ca_pem.decode("ascii", "ignore"))
    except (ssl.SSLError, ValueError):
        raise InvalidInputError("api.tls_ca", "the CA bundle is not usable PEM", subject) from None
