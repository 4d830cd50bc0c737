# SPDX-License-Identifier: Apache-2.0
"""Stage 3, read: references become `SecretData`; one folder per kind of place."""
