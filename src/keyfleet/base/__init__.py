# SPDX-License-Identifier: Apache-2.0
"""What every stage stands on: secret values, errors, time, codecs. Knows nothing of Kubernetes."""
