# SPDX-License-Identifier: Apache-2.0
"""AWS' library logs whole requests and answers; with Keyfleet nobody ever sees them."""

import logging

import pytest
from tests.cluster.sources.aws.conftest import Admin
from tests.cluster.sources.aws.stores import Rig, ask

from keyfleet.model.stores import How, Query
from keyfleet.testing.canary import canary

LIBRARIES = ("botocore", "aiobotocore")
PASSWORD = canary("password").decode()


async def test_no_level_makes_the_library_talk(
    rig: Rig, admin: Admin, caplog: pytest.LogCaptureFixture
) -> None:
    """The autouse search for canaries looks at the log too."""
    await (await admin("secretsmanager")).create_secret(Name="db", SecretString=PASSWORD)
    await (await admin("ssm")).put_parameter(Name="/db", Value=PASSWORD, Type="SecureString")
    loggers = [name for name in logging.root.manager.loggerDict if name.startswith(LIBRARIES)]
    assert "botocore.parsers" in loggers
    with caplog.at_level(logging.DEBUG):
        for name in [*LIBRARIES, *loggers]:
            caplog.set_level(logging.DEBUG, logger=name)
        for service, key in (("SecretsManager", "db"), ("ParameterStore", "/db")):
            session = await rig.open(service)
            assert await ask(session, Query(How.VALUE, key)) == PASSWORD.encode()
    assert [record.name for record in caplog.records if record.name.startswith(LIBRARIES)] == []


async def test_nothing_shows_what_it_holds(rig: Rig, admin: Admin) -> None:
    await (await admin("secretsmanager")).create_secret(Name="db", SecretString=PASSWORD)
    session = await rig.open()
    fetched = await session.fetch(session.request(Query(How.VALUE, "db")))
    for shown in (session, fetched, session.request(Query(How.VALUE, "db")), vars(session)):
        assert PASSWORD not in repr(shown)
        assert canary("access-key").decode() not in repr(shown)
