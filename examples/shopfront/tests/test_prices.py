"""For unittest."""

import unittest

from orders import total


class Prices(unittest.TestCase):
    def test_tea(self) -> None:
        cents = total({"tea": 1})
        self.assertEqual(cents, 600)  # noqa: PT009
