"""Prices of docs/prices.toml, and what processing takes of them: what the drive's own estimate is made of."""

import tomllib
from fractions import Fraction
from pathlib import Path

PRICES = Path(__file__).parent.parent / "docs" / "prices.toml"
VCPU_GB = Fraction(1769, 1024)
"""Of a function's memory that comes with one processor."""
ENCODE_CPU = 1.8
"""CPU seconds for a second of full HD, 30 frames of it, into every rung: measured on one x86 core."""
COUNTED_RATE = 60 / 30
"""What is processed is counted as so many seconds of full HD with 60 frames each."""


def usd_per_gb_month() -> float:
    """Return what a gigabyte costs in a month, as if nothing of it was archived yet."""
    return _usd("s3_gb_month")


def usd_per_processed_hour() -> float:
    """Return what encoding an hour costs, as it is counted: nearly all of what processing does."""
    return round(3600 * COUNTED_RATE * ENCODE_CPU * float(VCPU_GB) * _usd("lambda_gb_second"), 6)


def _usd(name: str) -> float:
    return float(tomllib.loads(PRICES.read_text())[name]["usd"])
