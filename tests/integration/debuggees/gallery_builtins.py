# mypy: ignore-errors
# ruff: noqa
# fmt: off
"""Values of all the types of Python and its library, a function for each family; beside each what an agent reads.

`#:` is followed by the text, `*` is for any rest; `||` stands between texts where versions of Python differ.
"""

import argparse
import array
import asyncio
import collections
import contextvars
import ctypes
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import io
import ipaddress
import itertools
import logging
import os
import pathlib
import queue
import re
import socket
import string
import subprocess
import sys
import threading
import time
import types
import typing
import unittest.mock
import uuid
import weakref


def here():
    pass


def numbers():
    small = -3  #: -3
    huge = 1 << 100_000  #: <int of 100,001 bits>
    long = 10**200  #: 10000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000… (201 chars)
    truth = True  #: True
    real = 0.1 + 0.2  #: 0.30000000000000004
    nan = float("nan")  #: nan
    infinite = float("-inf")  #: -inf
    minus_zero = -0.0  #: -0.0
    unreal = complex(1, -2.5)  #: (1-2.5j)
    nothing = None  #: None
    dots = ...  #: Ellipsis
    not_implemented = NotImplemented  #: NotImplemented
    price = decimal.Decimal("1.10")  #: Decimal('1.10')
    third = fractions.Fraction(1, 3)  #: Fraction(1, 3)
    own = Meters(5)  #: 5
    here()  # @numbers


class Meters(int):
    pass


def texts():
    word = "it's"  #: "it's"
    lines = "two\nlines\t\x1b[31m\u202e"  #: 'two\nlines\t\x1b[31m\u202e'
    wide = "日本 🐍 é"  #: '日本 🐍 é'
    long = "x" * 5000  #: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… (5,000 chars)
    own = Name("pen")  #: 'pen'
    raw = b"\x00a"  #: b'\x00a'
    many = b"x" * 5000  #: b'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… (5,000 bytes)
    mutable = bytearray(b"ab")  #: bytearray(b'ab')
    mutable_many = bytearray(b"\x00\xff" * 1000)  #: bytearray(b'\x00\xff\x00\xff\x00\xff\x00\xff\x00\xff\x00\xff\x00\xff\x00\xff\x00\xff\x00\xff\x00\xff\x00… (2,000 bytes))
    view = memoryview(b"abc")  #: <memoryview b'abc'>
    numbers = memoryview(array.array("d", [1, 2.5]))  #: <memoryview (2,) 'd' [1.0, 2.5]>
    template = string.Template("$who")  #: <Template template='$who'>
    here()  # @texts


class Name(str):
    pass


def containers():
    empty = []  #: []
    items = [1, "a", None, [2.5, (3,)]]  #: [1, 'a', None, [2.5, (3,)]]
    million = list(range(1_000_000))  #: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, … 1,000,000 in all]
    one = (1,)  #: (1,)
    two = (1, 2)  #: (1, 2)
    unordered = {"b", "a", "c"}  #: {'a', 'b', 'c'}
    mixed = {("b", 1), ("a", None), 3}  #: {3, ('a', None), ('b', 1)}
    frozen = frozenset({2, 1})  #: frozenset({1, 2})
    no_set = set()  #: set()
    table = {"a": [1, {"b": 2}], 3: None}  #: {'a': [1, {'b': 2}], 3: None}
    long_first = {"text": "x" * 500, "count": 7, "rest": [1, 2]}  #: {'text': 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… (500 chars), 'count': 7, 'rest': [1, 2]}
    keys = {"a": 1}.keys()  #: dict_keys(['a'])
    values = {"a": 1}.values()  #: dict_values([1])
    pairs = {"a": 1}.items()  #: dict_items([('a', 1)])
    own = Basket([1, 2])  #: Basket([1, 2])
    own_table = Prices(pen=1.5)  #: Prices({'pen': 1.5})
    loop = []  #: [[…]]
    loop.append(loop)
    here()  # @containers


class Basket(list):
    pass


class Prices(dict):
    pass


def collections_():
    ordered = collections.OrderedDict(b=1, a=2)  #: OrderedDict({'b': 1, 'a': 2})
    default = collections.defaultdict(list, a=[1])  #: defaultdict({'a': [1]})
    counter = collections.Counter("aab")  #: Counter({'a': 2, 'b': 1})
    ring = collections.deque([1, 2], maxlen=3)  #: deque([1, 2], maxlen=3)
    chain = collections.ChainMap({"a": 1}, {"b": 2})  #: ChainMap({'a': 1}, {'b': 2})
    user_dict = collections.UserDict(a=1)  #: UserDict({'a': 1})
    user_list = collections.UserList([1])  #: UserList([1])
    user_string = collections.UserString("abc")  #: UserString('abc')
    proxy = types.MappingProxyType({"a": 1})  #: mappingproxy({'a': 1})
    space = types.SimpleNamespace(a=1, b=[2])  #: SimpleNamespace(a=1, b=[2])
    numbers = range(0, 10**15, 2)  #: range(0, 1000000000000000, 2)
    part = slice(1, None)  #: slice(1, None, None)
    packed = array.array("i", range(5000))  #: array('i', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, … 5,000 in all])
    ordered_keys = ordered.keys()  #: odict_keys(['b', 'a'])
    arguments = argparse.Namespace(verbose=True, files=["a"])  #: Namespace(verbose=True, files=['a'])
    weak = weakref.WeakValueDictionary()  #: <WeakValueDictionary>
    here()  # @collections_


Point = collections.namedtuple("Point", "x y")


class Pair(typing.NamedTuple):
    left: object
    right: object = None


@dataclasses.dataclass
class Item:
    name: str
    price: float = 1.5
    secret: str = dataclasses.field(default="hidden", repr=False)


@dataclasses.dataclass(frozen=True)
class Frozen:
    item: Item
    tags: tuple = ()


@dataclasses.dataclass
class Slotted:
    __slots__ = ("x", "y")
    x: int
    y: int


@dataclasses.dataclass
class Node:
    label: str
    next: object = None


@dataclasses.dataclass
class Written:
    name: str

    def __repr__(self):
        return "<written by hand>"


class Plain:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)


class Half:
    def __init__(self):
        self.first = 1

    def __repr__(self):
        return "Half(%s, %s)" % (self.first, self.second)


class OldSlots:
    __slots__ = ("second", "first", "__hidden")

    def __init__(self):
        self.second, self.first, self.__hidden = 2, 1, 3


class Color(enum.Enum):
    RED = 1
    GREEN = "g"


class Level(enum.IntEnum):
    LOW = 1


class Mode(enum.Flag):
    READ = 1
    WRITE = 2


def objects():
    point = Point(1, 2)  #: Point(x=1, y=2)
    pair = Pair("a")  #: Pair(left='a', right=None)
    item = Item("pen")  #: Item(name='pen', price=1.5)
    frozen = Frozen(Item("pen"), ("a",))  #: Frozen(item=Item(name='pen', price=1.5), tags=('a',))
    slotted = Slotted(1, 2)  #: Slotted(x=1, y=2)
    node = Node("a")  #: Node(label='a', next=…)
    node.next = node
    half = object.__new__(Item)  #: Item(price=1.5)
    written = Written("a")  #: <written by hand>
    plain = Plain(a=1, b=[Plain(c=2)])  #: <Plain a=1, b=[<Plain>]>
    unfinished = Half()  #: <Half: repr failed with AttributeError: 'Half' object has no attribute 'second'>
    slots = OldSlots()  #: <OldSlots second=2, first=1, _OldSlots__hidden=3>
    bare = object()  #: <object>
    red = Color.RED  #: <Color.RED: 1>
    low = Level.LOW  #: <Level.LOW: 1>
    mode = Mode.READ | Mode.WRITE  #: <Mode.READ|WRITE: 3>||<Mode.WRITE|READ: 3>
    call = unittest.mock.call(1, a=2)  #: call(1, a=2)
    here()  # @objects


def times():
    day = datetime.date(2024, 1, 2)  #: date(2024-01-02)
    moment = datetime.datetime(2024, 1, 2, 3, 4, 5, 600)  #: datetime(2024-01-02 03:04:05.000600)
    aware = datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone.utc)  #: datetime(2024-01-02 00:00:00+00:00)
    hour = datetime.time(3, 4)  #: time(03:04:00)
    delta = datetime.timedelta(days=1, hours=2)  #: timedelta(1 day, 2:00:00)
    before = datetime.timedelta(hours=-1)  #: timedelta(-(1:00:00))
    zone = datetime.timezone(datetime.timedelta(hours=2))  #: datetime.timezone(datetime.timedelta(seconds=7200))
    clock = time.gmtime(0)  #: time.struct_time(tm_year=1970, tm_mon=1, tm_mday=1, tm_hour=0, tm_min=0, tm_sec=0, tm_wday=3, tm_yday=1, tm_isdst=0)
    here()  # @times


def names():
    identity = uuid.UUID(int=5)  #: UUID('00000000-0000-0000-0000-000000000005')
    path = pathlib.PurePosixPath("/etc/hosts")  #: PurePosixPath('/etc/hosts')
    file = pathlib.Path("a/b.txt")  #: PosixPath('a/b.txt')
    pattern = re.compile("a+", re.I)  #: re.compile('a+', re.IGNORECASE)
    match = re.match("a+", "aab")  #: <re.Match object; span=(0, 2), match='aa'>
    address = ipaddress.ip_address("127.0.0.1")  #: IPv4Address('127.0.0.1')
    network = ipaddress.ip_network("10.0.0.0/8")  #: IPv4Network('10.0.0.0/8')
    logger = logging.getLogger("app")  #: <Logger app (WARNING)>
    optional = typing.Optional[int]  #: typing.Optional[int]||typing.Union[int, NoneType]
    mapping = typing.Dict[str, int]  #: typing.Dict[str, int]
    variable = typing.TypeVar("T")  #: ~T
    status = os.stat_result(range(10))  #: os.stat_result(st_mode=0, st_ino=1, st_dev=2, st_nlink=3, st_uid=4, st_gid=5, st_size=6, st_atime=7, st_mtime=8, st_cti…
    here()  # @names


class Account:
    """Has methods of each kind."""

    def __init__(self):
        self.owner = "x"

    def pay(self):
        pass

    @classmethod
    def open(cls):
        pass

    @property
    def balance(self):
        raise AssertionError("a property ran")


class Meta(type):
    def __repr__(cls):
        raise ValueError("no repr of the class")


class Strange(metaclass=Meta):
    pass


def outer():
    def inner():
        pass

    return inner


def code():
    function = outer  #: <function outer>
    local = outer()  #: <function outer.<locals>.inner>
    anonymous = lambda: None  #: <function code.<locals>.<lambda>>
    method = Account().pay  #: <bound method Account.pay of Account object>
    class_method = Account.open  #: <bound method Account.open of class Account>
    held_class_method = Account.__dict__["open"]  #: <classmethod Account.open>
    static = staticmethod(outer)  #: <staticmethod outer>
    balance = Account.__dict__["balance"]  #: <property Account.balance>
    builtin = len  #: <built-in function len>
    builtin_method = [].append  #: <built-in method append of list object>
    descriptor = str.join  #: <method 'join' of 'str' objects>
    wrapper = Account().__str__  #: <method-wrapper '__str__' of Account object>
    partial = functools.partial(outer, 1, b=[2])  #: partial(<function outer>, 1, b=[2])
    cached = functools.lru_cache(maxsize=None)(outer)  #: <lru_cache <function outer>>
    class_ = Account  #: <class '__main__.Account'>
    strange_class = Strange  #: <Meta: repr failed with ValueError: no repr of the class>
    of_strange_class = Strange()  #: <Strange>
    enum_class = Color  #: <enum 'Color'>
    module = string  #: <module string>
    compiled = compile("1", "<none>", "eval")  #: <code object <module>, file "<none>", line 1>
    here()  # @code


def count():
    yield 1
    yield 2  # @yield


async def wait():
    pass


async def stream():
    yield 1


def iterators():
    fresh = count()  #: <generator count not started>
    begun = count()  #: <generator count at line *
    next(begun)
    over = count()  #: <generator count finished>
    list(over)
    coroutine = wait()  #: <coroutine wait not started>
    asynchronous = stream()  #: <async_generator stream not started>||<async_generator stream at line *
    listed = iter([1, 2])  #: <list_iterator>
    mapped = map(str, [1])  #: <map>
    zipped = zip([1], [2])  #: <zip>
    numbered = enumerate([1])  #: <enumerate>
    filtered = filter(None, [1])  #: <filter>
    reverse = reversed([1])  #: <list_reverseiterator>
    endless = itertools.count(5)  #: count(5)
    chained = itertools.chain([1], [2])  #: <chain>
    repeated = itertools.repeat("x", 3)  #: repeat('x', 3)
    here()  # @iterators
    coroutine.close()
    read = [list(iterator) for iterator in (begun, listed, mapped, zipped, numbered, chained, repeated)]
    assert read == [[2], [1, 2], ["1"], [(1, 2)], [(0, 1)], [1, 2], ["x"] * 3], read


def streams():
    text = io.StringIO("hello world")  #: <StringIO at 5 of 11: 'hello world'>
    text.read(5)
    data = io.BytesIO(b"x" * 5000)  #: <BytesIO at 0 of 5,000: b'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…>
    closed = io.BytesIO()  #: <BytesIO closed>
    closed.close()
    file = open(os.devnull)  #: <_io.TextIOWrapper name='/dev/null' mode='r' encoding='UTF-8'>
    binary = open(os.devnull, "rb")  #: <_io.BufferedReader name='/dev/null'>
    pair = socket.socketpair()
    left = pair[0]  #: <socket AF_UNIX SOCK_STREAM laddr='', raddr=''>
    shut = socket.socket()  #: <socket closed>
    shut.close()
    running = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)  #: <Popen running ['*
    ended = subprocess.Popen([sys.executable, "-c", "exit(3)"])  #: <Popen returncode=3 ['*
    ended.wait()
    here()  # @streams
    assert text.read() == " world"
    running.communicate(b"\n")
    for stream in (file, binary, *pair):
        stream.close()


def concurrency():
    lock = threading.Lock()  #: <unlocked _thread.lock object>
    held = threading.RLock()  #: <locked _thread.RLock object count=1>
    held.acquire()
    condition = threading.Condition()  #: <Condition(<unlocked _thread.RLock object count=0>, 0)>
    event = threading.Event()  #: <Event unset>
    semaphore = threading.Semaphore(2)  #: <Semaphore value=2>
    barrier = threading.Barrier(2)  #: <Barrier parties=2, count=0>
    thread = threading.current_thread()  #: <_MainThread(MainThread, started)>
    idle = threading.Thread(name="idle", daemon=True)  #: <Thread(idle, initial daemon)>
    waiting = queue.Queue(5)  #: <Queue maxsize=5 [1, 2]>
    waiting.put(1), waiting.put(2)
    by_rank = queue.PriorityQueue()  #: <PriorityQueue [(1, 'a')]>
    by_rank.put((1, "a"))
    simple = queue.SimpleQueue()  #: <SimpleQueue>
    variable = contextvars.ContextVar("user", default=None)  #: <ContextVar name='user' default=None>
    local = threading.local()  #: <_local>
    here()  # @concurrency


def tasks():
    async def main():
        task = asyncio.ensure_future(wait())  #: <Task pending name='Task-2' coro=<wait() running at *
        future = asyncio.get_event_loop().create_future()  #: <Future pending>
        event = asyncio.Event()  #: <Event unset>
        waiting = asyncio.Queue()  #: <Queue [1]>
        waiting.put_nowait(1)
        lock = asyncio.Lock()  #: <asyncio.locks.Lock object [unlocked]>
        finished = asyncio.get_event_loop().create_future()  #: <Future finished result=5>
        finished.set_result(5)
        ready = asyncio.sleep(0)  #: <coroutine sleep not started>
        here()  # @tasks
        await ready

    asyncio.run(main())


class ShopError(Exception):
    def __init__(self, text, order):
        super().__init__(text)
        self.order = order


def failures():
    error = ValueError("bad", 5)  #: ValueError('bad', 5)
    empty = KeyError()  #: KeyError()
    own = ShopError("sold out", 7)  #: ShopError('sold out')
    missing = FileNotFoundError(2, "No such file", "a.txt")  #: FileNotFoundError(2, 'No such file', filename='a.txt')
    long = ValueError(list(range(100_000)))  #: ValueError([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, …])
    try:
        1 / 0
    except ZeroDivisionError as raised:
        trace = raised.__traceback__  #: <traceback to line *
    frame = sys._getframe()  #: <frame, file '*
    target = Plain(a=1)
    reference = weakref.ref(target)  #: <weakref to <Plain a=1>>
    dead = weakref.ref(Plain())  #: <weakref dead>
    proxy = weakref.proxy(target)  #: <weakproxy to Plain>||<weakproxy; to 'Plain'>
    here()  # @failures


class Structure(ctypes.Structure):
    _fields_ = [("x", ctypes.c_int), ("name", ctypes.c_char * 4)]


def foreign():
    number = ctypes.c_int(5)  #: c_int(5)
    numbers = (ctypes.c_int * 3)(1, 2, 3)  #: c_int_Array_3([1, 2, 3])
    structure = Structure(5, b"abc")  #: Structure(x=5, name=b'abc')
    text = ctypes.c_char_p(b"abc")  #: <c_char_p>
    void = ctypes.c_void_p()  #: c_void_p(None)
    pointer = ctypes.pointer(number)  #: <LP_c_int>
    mock = unittest.mock.Mock()  #: <Mock>
    magic = unittest.mock.MagicMock(name="api")  #: <MagicMock name='api'>
    below = magic.get  #: <MagicMock name='api.get'>
    strict = unittest.mock.Mock(spec=Account)  #: <Mock spec='Account'>
    calls = (mock.mock_calls, magic.mock_calls, mock.called)  #: ([], [], False)
    here()  # @foreign


def newer():  # from 3.11 on
    group = ExceptionGroup("two", [ValueError("a"), KeyError("b")])  #: ExceptionGroup('two', [ValueError('a'), KeyError('b')])
    word = enum.StrEnum("Word", {"A": "a"}).A  #: <Word.A: 'a'>
    generic = list[int]  #: list[int]
    union = int | None  #: int | None
    here()  # @newer


class Exits:
    def __repr__(self):
        raise SystemExit(3)


class Interrupts:
    def __repr__(self):
        raise KeyboardInterrupt


class NotText:
    def __repr__(self):
        return 7


class Sleeps:
    def __repr__(self):
        time.sleep(60)


class Loops:
    def __repr__(self):
        while True:
            pass


class Recurses:
    def __repr__(self):
        return repr(self)


class Prints:
    def __repr__(self):
        print("printed by a repr")
        return "<Prints>"


class Huge:
    def __repr__(self):
        return "x" * 10_000_000


class Lies:
    def __getattr__(self, name):
        return self

    def __len__(self):
        return -1

    def __eq__(self, other):
        raise RuntimeError("no equality")

    def __hash__(self):
        raise RuntimeError("no hash")

    def __bool__(self):
        raise RuntimeError("no truth")

    __class__ = property(lambda self: int)


class NoDict:
    @property
    def __dict__(self):
        raise RuntimeError("no dict")


class BadMeta(type):
    def __eq__(cls, other):
        raise RuntimeError("no equality of classes")

    def __hash__(cls):
        raise RuntimeError("no hash of classes")

    def __getattribute__(cls, name):
        raise RuntimeError("no attributes of classes")

    def __instancecheck__(cls, other):
        raise RuntimeError("no instances")


class OfBadMeta(metaclass=BadMeta):
    def __init__(self):
        self.a = 1


class LongText(str):
    def __getitem__(self, index):
        raise RuntimeError("no characters")

    def __len__(self):
        raise RuntimeError("no length")


class ReturnsOwnText:
    def __repr__(self):
        return LongText("odd")


class Rows(collections.abc.Sequence):
    """As a table of a database would be: counting and reading it is work."""

    asked = []

    def __len__(self):
        self.asked.append("len")
        return 10**9

    def __getitem__(self, index):
        self.asked.append(index)
        return index * 2


class Lazy(collections.abc.Mapping):
    read = []

    def __len__(self):
        return 1000

    def __iter__(self):
        return iter(range(1000))

    def __getitem__(self, key):
        self.read.append(key)
        if key == 2:
            raise KeyError(key)
        return key * 2


def hostile():
    exits = Exits()  #: <Exits: repr failed with SystemExit: 3>
    interrupts = Interrupts()  #: <Interrupts: repr failed with KeyboardInterrupt>
    not_text = NotText()  #: <NotText: repr failed with TypeError: __repr__ returned non-string (type int)>
    recurses = Recurses()  #: <Recurses: repr failed with RecursionError: maximum recursion depth*
    prints = Prints()  #: <Prints>
    huge = Huge()  #: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… (10,000,000 chars)
    lies = Lies()  #: <Lies>
    no_dict = NoDict()  #: <NoDict>
    of_bad_meta = OfBadMeta()  #: <OfBadMeta a=1>
    bad_meta = OfBadMeta  #: <class '__main__.OfBadMeta'>
    own_text = ReturnsOwnText()  #: odd
    long_text = LongText("abc")  #: 'abc'
    among_others = [1, Exits(), 2]  #: [1, <Exits: repr failed with SystemExit: 3>, 2]
    rows = Rows()  #: <Rows>
    lazy = Lazy()  #: <Lazy>
    here()  # @hostile


def slow():
    sleeps = Sleeps()  #: <Sleeps: repr took longer than 0.5 s>
    loops = Loops()  #: <Loops: repr took longer than 0.5 s>
    sleeps_too = Sleeps()  #: <Sleeps: repr took longer than 0.5 s>
    sleeps_later = Sleeps()  #: <Sleeps: repr took longer than 0.05 s>
    plain = Plain(a=1)  #: <Plain a=1>
    number = 5  #: 5
    table = {"a": [1]}  #: {'a': [1]}
    here()  # @slow


if __name__ == "__main__":
    for family in (numbers, texts, containers, collections_, objects, times, names, code, iterators, streams):
        family()
    for family in (concurrency, tasks, failures, foreign):
        family()
    if sys.version_info >= (3, 11):
        newer()
    hostile()
    slow()
