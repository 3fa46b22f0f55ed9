"""What compiled mappings call for the parts of the language that are no registered function or method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from streams.bloblang.arguments import as_string
from streams.bloblang.caller_text import Parts, join_text
from streams.bloblang.errors import RUNTIME_FAULTS, ConditionFault, Fault, NoContext, TypeFault
from streams.bloblang.operators import add
from streams.bloblang.paths import Ownership, PathCollision, assign, field, join_path
from streams.bloblang.run import MAX_MAP_DEPTH, STEP, Absent, Run, counted
from streams.bloblang.values import (
    DELETED,
    NOTHING,
    bytes_string,
    get_int,
    string_bytes,
    type_fault_text,
    type_name,
)

Thunk = Callable[[], Any]


def step(value: Any, path: Sequence[str]) -> Any:
    """The rest of a path where the value is no object with the next key."""
    if value.__class__ is Absent:
        raise value.fault()
    return field(value, path)


def step_through(run: Run, value: Any, path: Sequence[str]) -> Any:
    """As `step`, for a path with a `*`, which counts as work."""
    if value.__class__ is Absent:
        raise value.fault()
    return field(value, path, run.charge)


def step_or_null(value: Any, path: Sequence[str]) -> Any:
    """As `step`, with null where there is no context, for paths that have a fallback."""
    return None if value.__class__ is Absent else field(value, path)


def document(value: Any) -> Any:
    """`this` of the whole message."""
    if value.__class__ is Absent:
        raise value.fault()
    return value


def no_context() -> Any:
    """`this` where a lambda dropped the last context."""
    raise NoContext


def caller_text(run: Run, parts: Parts) -> str:
    """A string with the values of the caller who sent the message, or for whom it is read."""
    source = run.message.source
    request = None if source is None else source.request
    text = join_text(parts, {} if request is None else request.variables)
    run.charge(len(text))
    return text


def plus(run: Run, left: Any, right: Any) -> Any:
    """`left + right`; the text it makes counts as work."""
    if left.__class__ is not str or right.__class__ is not str:
        return counted(run, add(left, right))
    text = left + right
    run.fuel -= len(text)
    if run.fuel < 0:
        run.charge(0)
    return text


def condition(value: Any) -> bool:
    """The condition of an if expression: a bool, or null for false."""
    if value is None:
        return False
    return strict_condition(value)


def strict_condition(value: Any) -> bool:
    """The condition of an if statement: a bool."""
    if value.__class__ is not bool:
        raise ConditionFault(value)
    return bool(value)


def coalesce(left: Thunk, right: Thunk) -> Any:
    """`left | right`: the right where the left fails or is null."""
    try:
        value = left()
    except RUNTIME_FAULTS:
        return right()
    if value is None or value is DELETED or value is NOTHING:
        return right()
    return value


def array_of(items: Sequence[Any]) -> list[Any]:
    """An array literal, without what is deleted or nothing."""
    return [item for item in items if item is not DELETED and item is not NOTHING]


def object_of(members: Sequence[tuple[Any, Any]]) -> dict[str, Any]:
    """An object literal, without what is deleted or nothing."""
    made = {}
    for key, value in members:
        if value is not DELETED and value is not NOTHING:
            made[object_key(key)] = value
    return made


def object_key(key: Any) -> str:
    """A computed key. Raises Fault."""
    if isinstance(key, bytes):
        return bytes_string(key)
    if key.__class__ is not str:
        raise Fault(f"mapping returned invalid key type: {type_name(key)}")
    return str(key)


def metadata_value(run: Run, key: str) -> Any:
    """`@key` of the message being made; all of it without a key."""
    if run.metadata is None:
        raise Fault("metadata cannot be queried in this context")
    return run.metadata.get(key) if key else dict(run.metadata)


def set_metadata(run: Run, key: str | None, value: Any) -> None:
    """`meta key = value`, or all metadata without a key."""
    if value is NOTHING:
        return
    if run.metadata is None:
        raise Fault("unable to assign metadata in the current context")
    if key is None:
        _replace_metadata(run, value)
    elif value is DELETED:
        run.metadata.pop(key, None)
    else:
        run.metadata[key] = value


def _replace_metadata(run: Run, value: Any) -> None:
    if value is not DELETED and value.__class__ is not dict:
        raise Fault(f"setting root meta object requires object value, received: {_go_type(value)}")
    run.metadata = {} if value is DELETED else dict(value)


def _go_type(value: Any) -> str:
    names = {
        "string": "string",
        "bool": "bool",
        "null": "<nil>",
        "array": "[]interface {}",
        "bytes": "[]uint8",
    }
    name = type_name(value)
    if name == "number":
        return "int64" if isinstance(value, int) else "float64"
    return names.get(name, name)


def set_variable(variables: dict[str, Any], name: str, value: Any) -> None:
    """`let name = value`."""
    if value is DELETED:
        variables.pop(name, None)
    elif value is not NOTHING:
        variables[name] = value


def set_root(root: Any, path: Sequence[str], value: Any, owned: Ownership) -> Any:
    """`root.path = value`: the new root. Raises Fault where the path is blocked."""
    if value is NOTHING:
        return root
    if root is NOTHING or root is None:
        root = owned.adopt_root({})
        if len(path) == 1 and value is not DELETED:
            root[path[0]] = value
            return root
    try:
        root = assign(root, path, value, owned)
        return owned.adopt_root(root) if root is not owned.top else root
    except PathCollision as collision:
        raise Fault(_collision_text(path, collision)) from None
    except Fault as fault:
        raise Fault(f"unable to set target path {'.'.join(join_path(path))}: {fault.text}") from None


def set_nested(root: Any, path: Sequence[str], value: Any, owned: Ownership) -> Any:
    """As `set_root` for a path of two keys and a value that is no marker: mostly both objects are owned."""
    if root is owned.top:
        child = root.get(path[0])
        if child is None:
            root[path[0]] = owned.adopt({path[1]: value})
            return root
        if child.__class__ is dict and owned.holds(child):
            child[path[1]] = value
            return root
    return set_root(root, path, value, owned)


def _collision_text(path: Sequence[str], collision: PathCollision) -> str:
    culprit = ".".join(join_path(path[: collision.depth])) or "the root"
    target = ".".join(join_path(path))
    return (
        f"unable to set target path {target} as the value of {culprit} "
        f"was a non-object type ({type_name(collision.value)})"
    )


def apply_map(run: Run, target: Any, name: Any) -> Any:
    """`target.apply(name)`."""
    definition = run.maps.get(as_string(name))
    if definition is None:
        raise Fault(f"map {name} was not found" if run.maps else "no maps were found")
    run.charge(STEP)
    run.depth += 1
    if run.depth > MAX_MAP_DEPTH:
        raise Fault(
            f"entering map {name} exceeded maximum allowed stacks of {MAX_MAP_DEPTH}, "
            "this could be due to unbounded recursion"
        )
    try:
        return definition(run, target)
    finally:
        run.depth -= 1


def index_value(target: Any, index: Any) -> Any:
    """`target[index]`; text is counted in bytes."""
    try:
        position = get_int(index)
    except TypeFault as fault:
        raise Fault(f"index: {type_fault_text(fault)}") from None
    items = string_bytes(target) if isinstance(target, str) else target
    if not isinstance(items, (bytes, list)):
        raise TypeFault(target, ("array", "string"))
    if position < 0:
        position += len(items)
    if not 0 <= position < len(items):
        raise Fault(f"index {position} out of bounds for length {len(items)}")
    if isinstance(target, str):
        return bytes_string(string_bytes(target)[position : position + 1])
    return items[position]


def slice_value(target: Any, start: int | None, stop: int | None, stride: int | None) -> Any:
    """`target[start:stop:stride]`; text is counted in characters."""
    if stride == 0:
        raise Fault("slice step cannot be zero")
    if start is not None and stop is not None and stride is None and start > stop:
        raise Fault(f"lower slice bound ({start}) must be lower than upper ({stop})")
    if not isinstance(target, (str, bytes, list)):
        raise TypeFault(target, ("array", "string"))
    return target[start:stop:stride]


def slice_bound(value: Any, name: str) -> int:
    """A bound of a slice, of which `name` is the name in error texts."""
    try:
        return get_int(value)
    except TypeFault as fault:
        raise Fault(f"slice {name}: {type_fault_text(fault)}") from None
