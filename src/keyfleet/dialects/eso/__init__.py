# SPDX-License-Identifier: Apache-2.0
"""Manifests of the External Secrets Operator, in every cluster where they are found."""
