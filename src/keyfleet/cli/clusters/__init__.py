# SPDX-License-Identifier: Apache-2.0
"""`keyfleet clusters` and `keyfleet clusters trust`."""

from cyclopts import App

from keyfleet.cli.clusters.listing import list_clusters
from keyfleet.cli.clusters.trust import trust

clusters = App(name="clusters")
clusters.default(list_clusters)
clusters.command(trust)
