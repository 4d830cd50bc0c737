# SPDX-License-Identifier: Apache-2.0
"""Formats that functions read and write, each as Go does: JSON, YAML, layouts of time, ..."""
