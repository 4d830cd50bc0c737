# SPDX-License-Identifier: Apache-2.0
"""Keys and certificates: PEM, DER, X.509, PKCS#12, JWK; hostile input is measured first."""
