"""A GitLab that answers instead of the network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import responses

from tests.okr_delivery_gitlab.site import Site


@pytest.fixture
def site() -> Iterator[Site]:
    served = Site()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        served.serve(mock)
        yield served
