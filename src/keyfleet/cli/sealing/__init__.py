# SPDX-License-Identifier: Apache-2.0
"""What the commands about SealedSecrets share: documents, keys, trees, certificates."""
