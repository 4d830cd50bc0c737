# SPDX-License-Identifier: Apache-2.0
"""Stage 4, shape: `SecretData` becomes one `DesiredObject` per target; pure functions only."""
