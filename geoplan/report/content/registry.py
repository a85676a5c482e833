"""Which tables a delivery has, in which order and in which products: found by standing in this folder.

A content module registers a function that makes a table::

    @listed(30, "workbook", "csv")
    def gap_list(outcome: Outcome) -> Table | None: ...

A new sheet is one module here, with a words file beside it; no renderer names it.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

from geoplan.report import content
from geoplan.report.content.table import Table
from geoplan.tables import Outcome

Product = Literal["workbook", "csv"]
#: What a registered function returns: a table, several, or None where there is nothing to say.
Made = Table | Iterable[Table] | None
_Maker = TypeVar("_Maker", bound=Callable[[Outcome], Made])


@dataclass(frozen=True)
class _Entry:
    order: float
    products: tuple[Product, ...]
    make: Callable[[Outcome], Made]


#: By module, name and place, so that a module that is imported again registers nothing twice.
_ENTRIES: dict[tuple[str, str, float], _Entry] = {}


def listed(order: float, *products: Product) -> Callable[[_Maker], _Maker]:
    """Register the decorated function: its tables stand in `products`, at `order` among the others.

    Parameters
    ----------
    order
        Place among the tables of a product, ascending.
    products
        ``workbook`` (a tab each) and ``csv`` (a file each, named by the table's key).
    """

    def register(make: _Maker) -> _Maker:
        _ENTRIES[make.__module__, make.__qualname__, order] = _Entry(order, products, make)
        return make

    return register


def tables(outcome: Outcome) -> dict[Product, tuple[Table, ...]]:
    """Return product -> its tables in order; a table that stands in several products is made once."""
    for module in pkgutil.iter_modules(content.__path__, f"{content.__name__}."):
        importlib.import_module(module.name)
    found: dict[Product, list[Table]] = {product: [] for product in get_args(Product)}
    for entry in sorted(_ENTRIES.values(), key=lambda entry: entry.order):
        made = entry.make(outcome)
        own = [] if made is None else [made] if isinstance(made, Table) else list(made)
        for product in entry.products:
            found[product] += own
    return {product: tuple(own) for product, own in found.items()}
