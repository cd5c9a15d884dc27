"""Measure matrices and say how far each answer can be trusted.

>>> import numpy as np, kappa as kp
>>> kp.norm(np.array([[3.0, 0.0], [0.0, 4.0]]), "spectral")
Enclosure(4.00000000000000, evidence='estimate: errors of Jacobi rotations in double-double')
>>> float(kp.cond(np.diag([2.0, 0.5])))
4.0
>>> kp.norm(np.ones((3, 4)), "nuclear", certify=True).evidence
'rounding'
>>> kp.Norm("nuclear").dual
Norm('spectral')
"""

import os as _os
from collections.abc import Sequence as _Sequence

from . import _kappa, linalg
from ._kappa import *
from ._kappa import __version__

# Every name is declared once, beside its code in `src`.
__all__ = [*_kappa.__all__, "linalg"]

_Sequence.register(_kappa.SingularValues)

if hasattr(_os, "register_at_fork"):
    _os.register_at_fork(after_in_child=_kappa._after_fork)
