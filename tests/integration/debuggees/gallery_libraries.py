# mypy: ignore-errors
# ruff: noqa
# fmt: off
"""Values of the common libraries' types, a function for each family; beside each what an agent reads, as in gallery_builtins.py."""

import dataclasses
import tempfile
import typing

import attr
import attrs
import django
import flask
import numpy as np
import pandas as pd
import pydantic
from django.conf import settings
from werkzeug.local import LocalProxy


def here():
    pass


class Hostile:
    def __repr__(self):
        raise ValueError("no repr")


def arrays():
    numbers = np.arange(10)  #: ndarray (10,) int64 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    many = np.arange(10**7)  #: ndarray (10000000,) int64 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, …]
    rows = np.zeros((1000, 1000))  #: ndarray (1000, 1000) float64 [[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, …], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, …]
    few_rows = np.array([[0.1, 0.2], [1 / 3, 1e300]])  #: ndarray (2, 2) float64 [[0.1, 0.2], [0.33333333, 1e+300]]
    cube = np.zeros((2, 2, 2), dtype="f4")  #: ndarray (2, 2, 2) float32 [[[0.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]]
    single = np.array(3.5)  #: ndarray () float64 3.5
    empty = np.zeros((0, 3))  #: ndarray (0, 3) float64 []
    truths = np.array([True, False])  #: ndarray (2,) bool [True, False]
    unreal = np.array([1 + 2j])  #: ndarray (1,) complex128 [1.0+2.0j]
    words = np.array(["a", "bc"])  #: ndarray (2,) <U2 ['a', 'bc']
    raw = np.array([b"ab"])  #: ndarray (1,) |S2 [b'ab']
    days = np.array(["2024-01-01", "NaT"], dtype="M8[D]")  #: ndarray (2,) datetime64[D] [2024-01-01, NaT]
    waits = np.array([5], dtype="m8[s]")  #: ndarray (1,) timedelta64[s] [5 seconds]
    things = np.array([None, {"a": 1}, Hostile()], dtype=object)  #: ndarray (3,) object [None, {'a': 1}, <Hostile: repr failed with ValueError: no repr>]
    records = np.array([(1, 2.5), (3, 4.5)], dtype=[("id", "i4"), ("price", "f8")])  #: ndarray (2,) {id int32, price float64} [(1, 2.5), (3, 4.5)]
    wide_records = np.zeros(2, dtype=[("f%d" % n, "i4") for n in range(1000)])  #: ndarray (2,) {f0 int32, f1 int32, f2 int32, f3 int32, … 1000 fields} [(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, …]
    here()  # @arrays


class Grid(np.ndarray):
    def __getitem__(self, index):
        raise RuntimeError("no element")

    def __array_finalize__(self, other):
        pass


class Length(np.ndarray):
    def __repr__(self):
        return "<%s m>" % list(map(float, self))


def unusual_arrays():
    masked = np.ma.array([1, 2, 3], mask=[0, 1, 0])  #: MaskedArray (3,) int64 [1, --, 3]
    masked_rows = np.ma.array([[1.5, 2], [3, 4]], mask=[[0, 1], [0, 0]])  #: MaskedArray (2, 2) float64 [[1.5, --], [3.0, 4.0]]
    matrix = np.matrix([[1, 2], [3, 4]])  #: matrix (2, 2) int64 [[1, 2], [3, 4]]
    file = np.memmap(tempfile.TemporaryFile(), dtype="f4", shape=(10**7,), mode="w+")  #: memmap (10000000,) float32 [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, …]
    own = np.arange(3).view(Grid)  #: Grid (3,) int64 [0, 1, 2]
    with_unit = np.ones(2).view(Length)  #: <[1.0, 1.0] m>
    backwards = np.arange(10)[::-3]  #: ndarray (4,) int64 [9, 6, 3, 0]
    foreign_order = np.arange(3, dtype=">i2")  #: ndarray (3,) >i2 [0, 1, 2]
    precise = np.array([1, 2], dtype=np.longdouble) / 3  #: ndarray (2,) float128 [0.33333333, 0.66666667]
    half = np.array([0.1], dtype="f2")  #: ndarray (1,) float16 [0.1]
    not_numbers = np.array([np.nan, np.inf, -0.0])  #: ndarray (3,) float64 [nan, inf, -0.0]
    no_columns = np.zeros((5, 0))  #: ndarray (5, 0) float64 [[], [], [], [], []]
    unfinished = [np.arange(3), {"a": np.ones(2)}]  #: [ndarray (3,) int64 [0, 1, 2], {'a': ndarray (2,) float64 [1.0, 1.0]}]
    here()  # @unusual_arrays


def scalars():
    real = np.float64(3.5)  #: np.float64(3.5)
    small = np.int8(3)  #: np.int8(3)
    truth = np.bool_(True)  #: np.True_
    text = np.str_("x" * 300)  #: np.str_('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… (300 chars))
    raw = np.bytes_(b"ab")  #: np.bytes_(b'ab')
    day = np.datetime64("2024-01-01")  #: np.datetime64('2024-01-01')
    record = np.zeros(1, dtype=[("id", "i4"), ("price", "f8")])[0]  #: void(id=0, price=0.0)
    kind = np.dtype("i4")  #: dtype('int32')
    generator = np.random.default_rng(1)  #: Generator(PCG64)
    universal = np.add  #: <ufunc 'add'>
    moment = pd.Timestamp("2024-01-01 03:04", tz="UTC")  #: Timestamp('2024-01-01 03:04:00+0000', tz='UTC')
    no_moment = pd.NaT  #: NaT
    missing = pd.NA  #: <NA>
    delta = pd.Timedelta("1h")  #: Timedelta('0 days 01:00:00')
    period = pd.Period("2024-01")  #: Period('2024-01', 'M')
    interval = pd.Interval(0, 1)  #: Interval(0, 1, closed='right')
    here()  # @scalars


def frames():
    frame = pd.DataFrame({"id": range(3), "price": [0.5, 1.0, 2.5], "name": ["a", "b", None]})  #: DataFrame (3, 3) {'id': int64 [0, 1, 2], 'price': float64 [0.5, 1.0, 2.5], 'name': str ['a', 'b', nan]}
    long = pd.DataFrame({"id": np.arange(10**6), "price": np.linspace(0, 1, 10**6)})  #: DataFrame (1000000, 2) {'id': int64 [0, 1, 2, 3, 4, 5, 6, 7, …], 'price': float64 [0.0, 1.000001e-06, 2.000002e-06, …]}
    wide = pd.DataFrame(np.zeros((3, 10_000)))  #: DataFrame (3, 10000) {0: float64 [0.0, 0.0, 0.0], 1: float64 [0.0, 0.0, 0.0], 2: float64 [0.0, 0.0, 0.0], …}
    dated = pd.DataFrame({"a": [1, 2]}, index=pd.date_range("2024-01-01", periods=2))  #: DataFrame (2, 1) {index: datetime64[us] [2024-01-01 00:00:00, 2024-01-02 00:00:00], 'a': int64 [1, 2]}
    nested = pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_product([["x"], [1, 2]]))  #: DataFrame (2, 1) {index: object [('x', 1), ('x', 2)], 'a': int64 [1, 2]}
    nested_columns = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_product([["x"], ["y", "z"]]))  #: DataFrame (1, 2) {('x', 'y'): int64 [1], ('x', 'z'): int64 [2]}
    twice = pd.DataFrame([[1, 2]], columns=["a", "a"])  #: DataFrame (1, 2) {'a': int64 [1], 'a': int64 [2]}
    empty = pd.DataFrame()  #: DataFrame (0, 0) {}
    no_rows = pd.DataFrame({"a": []})  #: DataFrame (0, 1) {'a': float64 []}
    things = pd.DataFrame({"a": [Hostile(), [1, 2]]})  #: DataFrame (2, 1) {'a': object [<Hostile: repr failed with ValueError: no repr>, [1, 2]]}
    grouped = frame.groupby("name")  #: <pandas.api.typing.DataFrameGroupBy object>
    here()  # @frames


def series():
    numbers = pd.Series([1.5, 2.5], name="price")  #: Series 'price' (2,) float64 [1.5, 2.5]
    labelled = pd.Series([1.5, 2.5], index=["a", "b"])  #: Series (2,) float64 {'a': 1.5, 'b': 2.5}
    many = pd.Series(np.arange(10**6))  #: Series (1000000,) int64 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, …]
    words = pd.Series(["x", None], dtype=object)  #: Series (2,) object ['x', None]
    kinds = pd.Series(["x", "y", "x"], dtype="category")  #: Series (3,) category ['x', 'y', 'x']
    nullable = pd.Series([1, None], dtype="Int64")  #: Series (2,) Int64 [1, <NA>]
    sparse = pd.Series(pd.arrays.SparseArray([0, 0, 1]))  #: Series (3,) Sparse[int64, 0] [0, 0, 1]
    moments = pd.Series(pd.date_range("2024-01-01", periods=2, tz="UTC"))  #: Series (2,) datetime64[us, UTC] [2024-01-01 00:00:00+00:00, 2024-01-02 00:00:00+00:00]
    no_series = pd.Series([], dtype="f8")  #: Series (0,) float64 []
    counted = pd.RangeIndex(5)  #: RangeIndex(start=0, stop=5, step=1)
    index = pd.Index(["a", "b"], dtype=object)  #: Index (2,) object ['a', 'b']
    days = pd.date_range("2024-01-01", periods=400)  #: DatetimeIndex (400,) datetime64[us] [2024-01-01 00:00:00, 2024-01-02 00:00:00, 2024-01-03 00:00:00, …]
    pairs = pd.MultiIndex.from_product([["a", "b"], [1, 2]])  #: MultiIndex (4,) object [('a', 1), ('a', 2), ('b', 1), ('b', 2)]
    category = pd.Categorical(["x", "y"])  #: Categorical (2,) category ['x', 'y']
    intervals = pd.interval_range(0, 3)  #: IntervalIndex (3,) interval[int64, right] [(0, 1], (1, 2], (2, 3]]
    here()  # @series


@attrs.define
class Pen:
    ink: str
    price: float = 1.5
    secret: str = attrs.field(default="s", repr=False)


@attr.s(auto_attribs=True, frozen=True)
class Box:
    pens: list
    parent: typing.Any = None


class Order(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")

    id: int
    lines: typing.List[int] = []
    password: pydantic.SecretStr = pydantic.SecretStr("x")
    token: str = pydantic.Field(default="t", repr=False)
    parent: typing.Optional["Order"] = None

    @pydantic.computed_field
    @property
    def total(self) -> int:
        raise AssertionError("a computed field was computed")


class Numbers(pydantic.RootModel[typing.List[int]]):
    pass


@pydantic.dataclasses.dataclass
class Checked:
    id: int


def models():
    pen = Pen("blue")  #: Pen(ink='blue', price=1.5)
    box = Box([Pen("red", 2)])  #: Box(pens=[Pen(ink='red', price=2)], parent=None)
    half_pen = object.__new__(Pen)  #: Pen()
    order = Order(id=1, lines=list(range(1000)), note="gift")  #: Order(id=1, lines=[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, …], password=Secre…
    child = Order(id=2, parent=Order(id=1))  #: Order(id=2, lines=[], password=SecretStr('**********'), parent=Order(id=1, lines=[], password=SecretStr('**********'), …
    half_order = object.__new__(Order)  #: Order()
    numbers = Numbers([1, 2])  #: Numbers(root=[1, 2])
    checked = Checked(id=1)  #: Checked(id=1)
    secret = pydantic.SecretStr("x")  #: SecretStr('**********')
    here()  # @models


def rows():
    from django.db import connection, models
    from django.utils.functional import SimpleLazyObject
    from django.utils.translation import gettext_lazy

    class Book(models.Model):
        title = models.CharField(max_length=20)

        class Meta:
            app_label = "library"

        def __str__(self):
            return self.title

    with connection.schema_editor() as editor:
        editor.create_model(Book)
    Book.objects.create(title="Emma")
    asked = len(connection.queries)
    book = Book(title="Emma")  #: <Book: Emma>
    unread = Book.objects.filter(title="Emma")  #: <QuerySet of Book, not evaluated>
    read = Book.objects.all()  #: <QuerySet [<Book: Emma>]>
    list(read)
    manager = Book.objects  #: <Manager _constructor_args=((), {}), creation_counter=0, model=<class '__main__.rows.<locals>.Book'>, name='objects', _…
    woken = []
    lazy = SimpleLazyObject(lambda: woken.append(1))  #: <SimpleLazyObject: <function rows.<locals>.<lambda>>>
    later = gettext_lazy("later")  #: 'later'
    here()  # @rows
    assert unread._result_cache is None
    assert not woken


def requests():
    unbound = flask.request  #: <LocalProxy unbound>
    broken = LocalProxy(lambda: 1 / 0)  #: <LocalProxy object>
    app = flask.Flask("shop")  #: <Flask 'shop'>
    here()  # @unbound
    with app.test_request_context("/orders?page=2"):
        bound = flask.request  #: <Request 'http://localhost/orders?page=2' [GET]>
        here()  # @requests


if __name__ == "__main__":
    settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
    django.setup()
    for family in (arrays, unusual_arrays, scalars, frames, series, models, rows, requests):
        family()
