"""Every name is declared once: the package, the native module and the stub agree, parameters included."""

import ast
import inspect
from typing import Any

import pytest
from conftest import ROOT

import kappa as kp
from kappa import _kappa

NAMES: list[str] = vars(_kappa)["__all__"]
STUB = ast.parse((ROOT / "bindings/python/python/kappa/_kappa/__init__.pyi").read_text())


def definitions() -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for node in STUB.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.setdefault(node.name, []).append(node)
    return found


def parameters(node: ast.FunctionDef) -> list[tuple[str, bool]]:
    """Names, and whether each is given by name only."""
    a = node.args
    listed = [(x.arg, False) for x in (*a.posonlyargs, *a.args)]
    listed += [(a.vararg.arg, False)] if a.vararg else []
    listed += [(x.arg, True) for x in a.kwonlyargs]
    listed += [(a.kwarg.arg, True)] if a.kwarg else []
    return [x for x in listed if x[0] not in ("self", "cls")]


def real_parameters(callable_: Any) -> list[tuple[str, bool]]:
    by_name = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)
    listed = inspect.signature(callable_).parameters.values()
    return [(p.name, p.kind in by_name) for p in listed if p.name not in ("self", "cls")]


def test_the_package_has_the_names_of_the_native_module() -> None:
    assert set(vars(kp)["__all__"]) == {*NAMES, "linalg"}
    assert NAMES == sorted(set(NAMES))
    for name in vars(kp)["__all__"]:
        assert getattr(kp, name) is not None
    public = {name for name in vars(_kappa) if not name.startswith("_")} | {"__version__"}
    assert public == {*NAMES, "linalg"}


def test_every_name_has_a_stub_and_every_stub_a_name() -> None:
    stubs = {name for name in definitions() if not name.startswith("_")}
    assert stubs == set(NAMES) - {"__version__"}


@pytest.mark.parametrize("name", [name for name in definitions() if inspect.isbuiltin(getattr(_kappa, name, None))])
def test_functions_have_the_parameters_of_their_stubs(name: str) -> None:
    for node in definitions()[name]:
        assert parameters(node) == real_parameters(getattr(_kappa, name))


@pytest.mark.parametrize("name", [name for name in definitions() if inspect.isclass(getattr(_kappa, name, None))])
def test_classes_have_the_members_of_their_stubs(name: str) -> None:
    if name == "NotFiniteError":
        return
    real, (node,) = getattr(_kappa, name), definitions()[name]
    stubbed = {x.name: x for x in node.body if isinstance(x, ast.FunctionDef)}
    public = {member for member in vars(real) if not member.startswith("_")}
    assert public == {member for member in stubbed if not member.startswith("_")}
    for member, stub in stubbed.items():
        found = inspect.getattr_static(real, member)
        if not member.startswith("_") and inspect.isroutine(found):
            assert parameters(stub) == real_parameters(found), member


def test_every_public_function_has_an_example() -> None:
    for name in NAMES:
        thing = getattr(_kappa, name)
        if callable(thing) and name != "NotFiniteError":
            text = inspect.getdoc(thing) or ""
            assert "Examples\n--------\n>>> " in text, name
