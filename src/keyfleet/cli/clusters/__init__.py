# SPDX-License-Identifier: Apache-2.0
"""`keyfleet clusters` and `keyfleet clusters trust`."""

from cyclopts import App

from keyfleet.cli.clusters.listing import list_clusters
from keyfleet.cli.clusters.trust import trust


def __getattr__(name: str) -> App:
    # A new one each time: the program that takes it in writes its own settings into it.
    if name != "clusters":
        raise AttributeError(name)
    app = App(name="clusters")
    app.default(list_clusters)
    app.command(trust)
    return app
