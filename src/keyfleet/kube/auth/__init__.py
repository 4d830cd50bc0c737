# SPDX-License-Identifier: Apache-2.0
"""The ways to log in to an API server, one file each."""
