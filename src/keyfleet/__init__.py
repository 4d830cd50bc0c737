# SPDX-License-Identifier: Apache-2.0
"""Keep secrets in step across fleets of Kubernetes clusters.

The folders are the stages a secret passes, in the data's order:

1. `dialects`   ask     a manifest becomes an `Intent`; an `Outcome` becomes that manifest's status
2. `inventory`  where   which clusters exist and how to log in
3. `sources`    read    references become `SecretData`
4. `transform`  shape   `SecretData` becomes one `DesiredObject` per target
5. `plan`       decide  desired x actual becomes a `Step`; authority, ownership, checks
6. `delivery`   write   one step becomes one write in one cluster
7. `observe`    show    metrics, logs, health

`engine` runs them and alone knows their order. They stand on `kube` (one cluster), `model` (plain
data and pure functions) and `base` (nothing of Kubernetes). `manifests` is what `install` applies,
`cli` and `app` put everything together, `localplane` starts real control planes on this machine.
"""

__version__ = "0.1.0"
