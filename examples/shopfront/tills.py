"""Prices orders at three tills at once, each a thread."""

import threading

from orders import total

OPEN = threading.Barrier(3)


def serve(order: dict[str, int]) -> None:
    """Wait until all tills are open, then price one order."""
    OPEN.wait()
    print(threading.current_thread().name, total(order))


if __name__ == "__main__":
    orders = [{"tea": 1}, {"cup": 2}, {"pot": 1}]
    threads = [threading.Thread(target=serve, args=[order], name=f"till-{n}") for n, order in enumerate(orders, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
