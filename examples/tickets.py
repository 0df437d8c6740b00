"""Counts the refund tickets of the week. Needs tinydb==4.9.0; `docs/walkthrough.md` finds out why it is wrong."""

import re
from collections.abc import Iterable, Mapping

from tinydb import Query, TinyDB
from tinydb.storages import MemoryStorage

TICKETS = [
    {"id": 101, "subject": "refund for order 5512"},
    {"id": 102, "subject": "Refund not received"},
    {"id": 103, "subject": "Password reset"},
    {"id": 104, "subject": "REFUND PLEASE!!"},
    {"id": 105, "subject": "Where is my refund?"},
]


def ids(tickets: Iterable[Mapping[str, object]]) -> list[object]:
    return [ticket["id"] for ticket in tickets]


db = TinyDB(storage=MemoryStorage)
db.insert_multiple(TICKETS)

Ticket = Query()
auto_tagged = db.search(Ticket.subject.search("refund"))
all_refunds = db.search(Ticket.subject.search("refund", flags=re.IGNORECASE))

print("tagged by the bot (lower case only):", ids(auto_tagged))
print("all refund tickets (any case):      ", ids(all_refunds))
print("missed by the bot:", len(all_refunds) - len(auto_tagged))
