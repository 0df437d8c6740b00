"""Prices orders while couriers are on their way, each an asyncio task."""

import asyncio

from orders import total


async def deliver(name: str, order: dict[str, int]) -> None:
    """Ride to the customer, then say what it costs."""
    await asyncio.sleep(len(name) / 100)
    print(name, total(order))


async def main() -> None:
    """Send two couriers and wait for both."""
    await asyncio.gather(deliver("ann", {"tea": 1}), deliver("zachary", {"cup": 2}))


if __name__ == "__main__":
    asyncio.run(main())
