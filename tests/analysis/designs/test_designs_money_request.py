"""The money request game, by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from socsim_analysis.designs import money_request
from socsim_analysis.designs.tables import TableError

REQUESTS = pd.DataFrame({"world": range(6), "person": range(6), "request": [20, 19, 17, 16, 20, None]})


def test_requests() -> None:
    assert money_request.request(REQUESTS).estimate == pytest.approx((20 + 19 + 17 + 16 + 20) / 5)
    assert money_request.one_to_three_steps(REQUESTS).estimate == pytest.approx(2 / 5)
    assert money_request.request_share(REQUESTS).estimate == pytest.approx(2 / 5)
    assert money_request.request_share(REQUESTS, amount=11).estimate == 0.0


def test_shares_of_all_requests() -> None:
    found = money_request.request_shares(REQUESTS)
    assert found["request"].tolist() == list(range(11, 21))
    assert found["n"].tolist() == [0, 0, 0, 0, 0, 1, 1, 0, 1, 2]
    assert found["share"].tolist() == pytest.approx([0, 0, 0, 0, 0, 0.2, 0.2, 0, 0.2, 0.4])
    assert money_request.request_shares(REQUESTS.assign(request=None))["share"].isna().all()


def test_requests_out_of_range_are_refused() -> None:
    with pytest.raises(TableError, match=r"column 'request' .* between 11 and 20"):
        money_request.request(REQUESTS.assign(request=10))
