"""Prices orders in processes of their own."""

import multiprocessing

from orders import total

if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        print(pool.map(total, [{"tea": 1}, {"cup": 2}]))
