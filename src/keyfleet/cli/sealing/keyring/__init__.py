# SPDX-License-Identifier: Apache-2.0
"""Sealing keys as commands know them: listed, backed up, restored."""
