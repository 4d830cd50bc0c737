# SPDX-License-Identifier: Apache-2.0
"""Languages of manifests: each folder turns one into `Intent`s and answers in its own words."""
