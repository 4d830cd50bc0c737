# SPDX-License-Identifier: Apache-2.0
"""HashiCorp Vault and OpenBao: KV versions 1 and 2, raw reads, and dynamic secrets.

    spec       the manifest's fields            checks    what is refused before anything is sent
    logins     what each method sends           identity  who the server says we are
    client     one request and its bounds       refusals  what a status means
    paths      keys to paths                    values    documents to bytes
    reading    KV                               searching find
    login      a token in use                   session   a store in use
    dynamic    the generator                    provider  the way in

Spoken to directly and without a library: docs/adr/0013.
"""

from keyfleet.sources.vault.dynamic import DynamicProvider
from keyfleet.sources.vault.provider import OPENBAO_METHODS, VaultProvider

PROVIDER = VaultProvider()
OPENBAO = VaultProvider("openBao", OPENBAO_METHODS)
GENERATOR = DynamicProvider(PROVIDER)
