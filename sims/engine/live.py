"""What decides numbers in code that has no file: typed at a prompt, or in a notebook's cell.

Such a function is its bytecode, its constants, and the values of the names that it uses, as they
are now. Bytecode differs between versions of Python, so results named by it are not shared between
them.
"""

from __future__ import annotations

import dataclasses
import functools
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sims.engine.errors import UserError

# Made by `class` and `dataclass`, not by the user.
_MADE = {
    *("__module__", "__qualname__", "__doc__", "__dict__", "__weakref__", "__annotations__"),
    *("__dataclass_fields__", "__dataclass_params__", "__match_args__", "__init__", "__repr__"),
    *("__eq__", "__hash__", "__setattr__", "__delattr__", "__replace__", "__firstlineno__"),
    *("__static_attributes__", "__annotate__", "__annotate_func__", "__annotations_cache__"),
    *("__abstractmethods__", "__parameters__", "__orig_bases__"),
}
_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis))


@dataclasses.dataclass
class Live:
    """Plain data of things without a source, and what they lead to that has one.

    Attributes:
        known: whether a function or class has a source.
        defined: functions and classes with a source that were met.
        modules: modules that were met, with the names asked of them; none for the whole.
    """

    known: Callable[[Any], bool]
    defined: list[Any] = dataclasses.field(default_factory=list)
    modules: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    seen: set[int] = dataclasses.field(default_factory=set)

    def plain(self, thing: Any, name: str = "") -> Any:
        """`thing` as JSON.

        Raises:
            UserError: it is neither code nor a plain value.
        """
        if isinstance(thing, type | types.FunctionType):
            return self._code(thing)
        if isinstance(thing, _PLAIN):
            return [type(thing).__name__, repr(thing)]
        if isinstance(thing, Mapping):
            return [[self.plain(k), self.plain(v, name)] for k, v in thing.items()]
        if isinstance(thing, list | tuple | set | frozenset):
            found = [self.plain(inner, name) for inner in thing]
            return sorted(found, key=repr) if isinstance(thing, set | frozenset) else found
        if isinstance(thing, types.ModuleType):
            self.modules.setdefault(thing.__name__, [])
            return ["module", thing.__name__]
        if isinstance(thing, np.ndarray | np.generic) or hasattr(thing, "__array__"):
            array = np.asarray(thing)
            return [str(array.dtype), list(array.shape), array.tobytes().hex()]
        return self._wrapped(thing, name)

    def _wrapped(self, thing: Any, name: str) -> Any:
        """Things that are other things in a wrapper: properties, bound methods, partials."""
        inner: list[Any] | None = None
        if isinstance(thing, staticmethod | classmethod):
            inner = [thing.__func__]
        elif isinstance(thing, property):
            inner = [thing.fget]
        elif isinstance(thing, functools.partial):
            inner = [thing.func, thing.args, thing.keywords]
        elif isinstance(thing, types.BuiltinFunctionType | np.ufunc) or thing is Any:
            return ["builtin", getattr(thing, "__name__", repr(thing))]
        elif isinstance(thing, np.dtype):
            return ["dtype", str(thing)]
        elif callable(thing) and hasattr(thing, "__wrapped__"):
            inner = [thing.__wrapped__]
        elif dataclasses.is_dataclass(thing):
            inner = [
                type(thing),
                {f.name: getattr(thing, f.name) for f in dataclasses.fields(thing)},
            ]
        elif hasattr(thing, "__module__") and hasattr(thing, "__qualname__"):
            inner = [] if self._foreign(thing) else None
        if inner is None:
            raise UserError(
                f"cannot tell by its value what {name or 'something'} is ({type(thing).__name__}), "
                "and it has no file; define it in a module, or pass it as a setting"
            )
        return [type(thing).__name__, *(self.plain(part, name) for part in inner)]

    def _foreign(self, thing: Any) -> bool:
        self.modules.setdefault(thing.__module__, []).append(thing.__qualname__.partition(".")[0])
        return True

    def _code(self, thing: Any) -> Any:
        """A class or a function."""
        if id(thing) in self.seen:
            return ["again", thing.__qualname__]
        self.seen.add(id(thing))
        if thing.__module__ == "builtins":
            return ["builtin", thing.__qualname__]
        if "<" not in thing.__qualname__ and self.known(thing):
            self.defined.append(thing)
            return ["defined", thing.__module__, thing.__qualname__]
        module = sys.modules.get(thing.__module__)
        if getattr(module, "__file__", None) is not None and not self.known(thing):
            self._foreign(thing)
            return ["installed", thing.__module__, thing.__qualname__]
        if isinstance(thing, type):
            bases = [self.plain(base) for base in thing.__bases__ if base is not object]
            own = {
                k: v for k, v in vars(thing).items() if k not in _MADE and not k.startswith("_abc")
            }
            return ["class", thing.__name__, bases, [[k, self.plain(v, k)] for k, v in own.items()]]
        return self._function(thing)

    def _function(self, function: types.FunctionType) -> Any:
        code = function.__code__
        free = {
            name: cell.cell_contents
            for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True)
        }
        used = {
            name: value
            for name in _names(code)
            if (value := function.__globals__.get(name, self)) is not self
        }
        values = []
        for name, value in {**used, **free}.items():
            if isinstance(value, types.ModuleType):
                asked = [other for other in _names(code) if hasattr(value, other)]
                self.modules.setdefault(value.__name__, []).extend(asked)
                values.append([name, value.__name__])
            else:
                values.append([name, self.plain(value, name)])
        given = [function.__defaults__, function.__kwdefaults__]
        return ["function", _bytecode(code), self.plain(given), values]


def _names(code: types.CodeType) -> list[str]:
    """Names of globals and attributes, those of functions inside included."""
    found = list(code.co_names)
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            found += _names(inner)
    return found


def _bytecode(code: types.CodeType) -> list[Any]:
    constants = [
        _bytecode(inner) if isinstance(inner, types.CodeType) else repr(inner)
        for inner in code.co_consts
    ]
    return [code.co_code.hex(), constants, list(code.co_names), list(code.co_freevars)]
