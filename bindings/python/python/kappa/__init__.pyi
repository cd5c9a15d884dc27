from . import linalg as linalg
from ._kappa import *
from ._kappa import __version__ as __version__

__all__: list[str]
