"""Books the payments of the day. Every customer has paid what is due, and yet one payment is refused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Item:
    name: str
    cents: int
    count: int = 1
    percent_off: int = 0


@dataclass
class Order:
    customer: str
    items: list[Item]
    paid: int

    def total(self) -> int:
        total = 0
        for item in self.items:
            total += item.cents * item.count
            total -= total * item.percent_off // 100
        return total


ORDERS = [
    Order("Ada", [Item("kettle", 4500, percent_off=10), Item("tea", 650, 2)], paid=5350),
    Order("Ben", [Item("teapot", 3200)], paid=3200),
    Order("Cleo", [Item("teapot", 3200), Item("cup", 450, 4, percent_off=25)], paid=4550),
]


def book(order: Order) -> None:
    due = order.total()
    if order.paid != due:
        raise ValueError(f"{order.customer} paid {order.paid}, but {due} is due")
    print(f"{order.customer}: {due / 100:.2f} booked")


if __name__ == "__main__":
    for order in ORDERS:
        book(order)
