# SPDX-License-Identifier: Apache-2.0
"""What the manifests of External Secrets say of stores: for the dialect and for whoever reads."""
