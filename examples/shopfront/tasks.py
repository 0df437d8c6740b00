"""The shop in Celery: celery -A tasks worker. An order waits as soon as the worker is ready."""

from celery import Celery
from celery.signals import worker_ready
from orders import total

app = Celery("tasks", broker="memory://")


@app.task
def price(order: dict[str, int]) -> int:
    return total(order)


@worker_ready.connect
def order_tea(**_: object) -> None:
    price.delay({"tea": 2})
