"""A till that never closes."""

import time

from orders import total

print("open", flush=True)
while True:
    total({"tea": 1, "cup": 1})
    time.sleep(0.1)
