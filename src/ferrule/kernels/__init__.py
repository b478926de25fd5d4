"""Ways to compute operators, one file for each that is faster than the plain one.

Every module in this folder is loaded, so no list is kept. `crates/kernels/src` has the Rust.
"""

import importlib
import pkgutil

from ferrule.kernels.choice import Choice, choose, choose_all, told_lone
from ferrule.kernels.growth import BEYOND, given_bytes, limited, most_bytes, taken_bytes
from ferrule.kernels.kernel import PRICES, Kernel, priced

__all__ = [
    "BEYOND",
    "PRICES",
    "Choice",
    "Kernel",
    "choose",
    "choose_all",
    "given_bytes",
    "limited",
    "most_bytes",
    "priced",
    "taken_bytes",
    "told_lone",
]

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
