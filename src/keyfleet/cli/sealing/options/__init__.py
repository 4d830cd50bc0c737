# SPDX-License-Identifier: Apache-2.0
"""Flags of the commands about sealed values."""
