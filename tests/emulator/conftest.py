"""Fixtures for the emulator's tests."""

import pytest

from helpers import at_home
from plain_client import PlainClient


@pytest.fixture
def plain(emulator):
    """A client that trusts nothing of ours: requests and cryptography alone."""
    return PlainClient(emulator)


@pytest.fixture
def store(settings):
    """The store as serve.py makes it for the workbench."""
    from emulator.watched import WatchedStore

    return WatchedStore(settings.database_url)


@pytest.fixture
def bench(app):
    """Flask's test client for the app with the workbench."""
    from emulator import workbench

    workbench.attach(app)
    return at_home(app)
