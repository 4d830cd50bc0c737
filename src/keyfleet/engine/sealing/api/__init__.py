# SPDX-License-Identifier: Apache-2.0
"""Upstream's HTTP API: give a certificate, verify a SealedSecret, seal one again with a new key.

Whoever reaches it may use it, and its work is done with private keys: the answers are made so that
they tell nothing but "opens" or "does not". Source: compat/sealed-secrets.md 3.4.
"""
