# SPDX-License-Identifier: Apache-2.0
"""Certificates to seal with: from files, clusters and their controllers."""
