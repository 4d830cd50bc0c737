# SPDX-License-Identifier: Apache-2.0
"""What the parts of one engine that react to changes work with."""

from keyfleet.engine.clusterstatus import ClusterStatuses
from keyfleet.engine.declarations.everywhere import Everywhere
from keyfleet.engine.declarations.parents import Parents
from keyfleet.engine.declarations.telling import Telling
from keyfleet.engine.deletion.deletions import Deletions
from keyfleet.engine.fleet import Fleet
from keyfleet.engine.hub import Hub
from keyfleet.engine.intents import Intents
from keyfleet.engine.parts import Parts
from keyfleet.engine.readings import Readings
from keyfleet.engine.results import Results
from keyfleet.engine.sealing.fleetkeys import FleetKeys
from keyfleet.engine.sightings import Sightings
from keyfleet.engine.statuses import Statuses
from keyfleet.engine.stores.reading import Stores
from keyfleet.engine.worker import Worker


class Core:
    """What the parts of one engine share.

    Whoever tells of changes is asked about them too, so that those who react are made before those
    who tell. `Engine` sets what is only declared here, and then starts.
    """

    hub: Hub
    fleet: Fleet
    declared: Everywhere
    stores: Stores
    keys: FleetKeys
    readings: Readings
    deletions: Deletions
    worker: Worker
    statuses: Statuses
    clusters: ClusterStatuses
    telling: Telling
    parents: Parents

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.intents = Intents()
        self.results = Results()
        self.sightings = Sightings()
