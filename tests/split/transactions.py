"""Three weeks of transactions of customers, some of whose cards are stolen for some days."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

START = datetime(2025, 3, 1)  # noqa: DTZ001  # naive, as in many tables
DAY = 86_400


def transactions(
    *, rows: int = 6_000, customers: int = 400, days: int = 21, seed: int = 0, start: datetime = START
) -> pa.Table:
    """Return transactions in shuffled order: at, day, second, customer, amount, x and label (1 for fraud)."""
    rng = np.random.default_rng(seed)
    second = rng.integers(0, days * DAY, rows)
    second[:2] = 0, days * DAY - 1
    customer = rng.integers(0, customers, rows)
    stolen = np.where(rng.random(customers) < 0.5, rng.uniform(-3, days, customers) * DAY, np.inf)
    fraud = (stolen[customer] <= second) & (second < stolen[customer] + 3 * DAY) & (rng.random(rows) < 0.5)
    return pa.table(
        {
            "at": pa.array([start + timedelta(seconds=int(one)) for one in second], pa.timestamp("us")),
            "day": second // DAY,
            "second": second,
            "customer": pa.array([f"c{one:03d}" for one in customer]),
            "amount": np.round(rng.gamma(2, 30, rows) * (1 + fraud), 2),
            "x": rng.normal(size=rows) + fraud,
            "label": fraud.astype("i1"),
        }
    )
