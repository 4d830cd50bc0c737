# SPDX-License-Identifier: Apache-2.0
"""Files of manifests and Git trees: read, changed in place, written whole or not at all."""
