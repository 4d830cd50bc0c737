# SPDX-License-Identifier: Apache-2.0
"""`keyfleet keys list`, `keys backup`, `keys verify` and `keys restore`."""

from cyclopts import App

from keyfleet.cli.sealing.keyring.keeping import backup, verify
from keyfleet.cli.sealing.keyring.keylist import list_keys
from keyfleet.cli.sealing.keyring.restoring import restore


def __getattr__(name: str) -> App:
    # A new one each time: the program that takes it in writes its own settings into it.
    if name != "keys":
        raise AttributeError(name)
    app = App(name="keys")
    app.default(list_keys)
    app.command(list_keys, name="list")
    for command in (backup, restore, verify):
        app.command(command)
    return app
