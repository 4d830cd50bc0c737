# SPDX-License-Identifier: Apache-2.0
"""The sealing keys of each cluster: found, watched, made and renewed."""
