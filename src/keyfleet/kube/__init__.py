# SPDX-License-Identifier: Apache-2.0
"""One Kubernetes cluster: how to log in, ask, watch and write. Knows nothing of fleets or intents."""
