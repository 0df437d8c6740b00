"""What was sold in a month: python -m shop.report --month 5."""

import argparse

from orders import total

SOLD = {5: {"tea": 12, "cup": 7}, 6: {"tea": 9, "ink": 3}}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--month", type=int, required=True)
    month = parser.parse_args().month
    print(f"month {month}: {total(SOLD[month]) / 100:.2f}")


if __name__ == "__main__":
    main()
