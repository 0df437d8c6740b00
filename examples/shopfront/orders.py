"""What an order costs, in cents. Nobody has set a price for ink: that is the bug."""

import os
import sys

PRICES = {"cup": 450, "pot": 3200, "tea": 650}


def total(order: dict[str, int]) -> int:
    """The sum of an order.

    >>> total({"tea": 2, "cup": 1})
    1750
    >>> total({"ink": 1})
    """
    cents = 0
    for name, count in order.items():
        cents += PRICES[name] * count
    return cents


def best_sellers() -> list[str]:
    """The names on the poster, which come in another order with every hash seed."""
    return list(set(PRICES))


if __name__ == "__main__":
    asked = sys.argv[1:] or ["tea", "ink"]
    print(total(dict.fromkeys(asked, 1)) / 100, os.environ.get("CURRENCY", "GBP"))
    if "pot" in asked:
        print("handle with care")
