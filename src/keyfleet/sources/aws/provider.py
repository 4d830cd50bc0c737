# SPDX-License-Identifier: Apache-2.0
"""Open stores of AWS. The SDK is loaded with the first of them, since the extra may be missing."""

import asyncio
from importlib import import_module

from keyfleet.base.errors import UnsupportedError
from keyfleet.model.stores import Store
from keyfleet.plugin.stores import ProviderMeans, StoreReferences, StoreSession
from keyfleet.sources.aws.config import read_config

_NEEDS_SDK = "keyfleet.sources.aws.session"


class AwsProvider:
    """Stores of AWS."""

    name = "aws"
    capabilities = "ReadWrite"

    def check(self, store: Store) -> None:
        """Refuse a declaration that cannot work.

        Raises:
            InvalidIntentError: `store.invalid`, `store.unsupported`.
        """
        read_config(store)

    async def open(
        self, store: Store, references: StoreReferences, means: ProviderMeans
    ) -> StoreSession:
        """Log in and have AWS confirm who we are.

        Raises:
            UnsupportedError: `store.extra_missing`: the SDK is not installed.
            KeyfleetError: As `Provider.open`.
        """
        config = read_config(store)
        try:
            # In a thread: it takes a second or two, and everybody else would wait.
            module = await asyncio.to_thread(import_module, _NEEDS_SDK)
        except ModuleNotFoundError as error:
            missing = error.name or ""
        else:
            session: StoreSession = await module.open_session(store, config, references, means)
            return session
        raise UnsupportedError(
            "store.extra_missing",
            "the library for this kind of store is not installed",
            f"{store.ref.kind} {store.ref}, {missing.partition('.')[0]}",
            "pip install 'keyfleet[aws]'",
        )
