"""Spoils JSON bodies that were good: every kind of value, at its borders, in every place. It knows no contract."""

from __future__ import annotations

import json
from typing import Any, Final

from hypothesis import strategies as st

Place = tuple[str | int, ...]
# Around as deep as a body may be: what orjson writes (254 levels), with some to spare for what is around it.
DEPTHS: Final = (200, 234, 243, 246, 249)

# Names that mean something stand where they do not belong as well.
NAMES: Final = (
    *("resourceType", "id", "status", "intent", "code", "coding", "system", "display", "text", "reference", "type"),
    *("entry", "resource", "contained", "fullUrl", "link", "relation", "parameter", "name", "meta", "security", "tag"),
    *("value", "unit", "comparator", "valueQuantity", "valueString", "valueBoolean", "dataAbsentReason", "extension"),
    *("timing", "repeat", "period", "periodUnit", "frequency", "timeOfDay", "boundsPeriod", "doseAndRate", "dose"),
    *("medicationCodeableConcept", "medicationReference", "medication", "ingredient", "item", "form", "subject"),
    *("priorPrescription", "authorizingPrescription", "hasMember", "component", "_resolvedMedication", "birthDate"),
)
_WORDS: Final = (
    *("", " ", "#", "#x", "#m1", "Patient/p1", "Patient/example", "MedicationRequest/request-1", "active", "draft"),
    *("Bundle", "Parameters", "OperationOutcome", "MedicationRequest", "Medication", "Observation", "Patient"),
    *("2026-02-30", "2026-13-45", "24:00", "<b>", "\u0000", "\u202e", "0", "1e3", "true", "null", "None"),
)


def nested(depth: int, *names: str) -> Any:  # noqa: ANN401 - any JSON
    """Objects inside one another under these names in turn, or lists where there are none."""
    inner: Any = "x"
    for level in range(depth):
        inner = {names[level % len(names)]: inner} if names else [inner]
    return inner


# One of each kind, the borders of each, and the shapes that a reader may take for another.
VALUES: Final[dict[str, Any]] = {
    "null": None,
    "true": True,
    "false": False,
    "zero": 0,
    "minus one": -1,
    "a fraction": 0.1,
    "more than 32 bits": 2**33,
    "more than 64 bits": -(2**70),
    "hundreds of digits": 10**300,
    "a large float": 1.7e308,
    "a tiny float": 5e-324,
    "minus zero": -0.0,
    **{f"the text {word!r}": word for word in ("", " ", "\u0000", "#", "draft", "Bundle", "1e3", "2026-02-30")},
    "a long text": "x" * 3_000,
    "digits": "9" * 5_000,
    "slashes": "/" * 500,
    "an empty list": [],
    "a list of null": [None],
    "a list of a list": [[]],
    "a list of an empty object": [{}],
    "a list of texts": ["Bundle", "draft"],
    "a list of everything": [None, True, 0, "", [], {}, {"resourceType": []}],
    "a long list": [{}] * 300,
    "an empty object": {},
    "an object with an empty name": {"": {"": None}},
    **{f"an object with {name}": {name: [{name: 0}]} for name in ("resourceType", "coding", "reference", "value")},
    **{f"an object with {name}": {name: {name: [None]}} for name in ("resource", "entry", "text", "repeat")},
    "a resource of no type": {"resourceType": {}, "id": [], "status": 0, "intent": None},
    "a bundle of nonsense": {"resourceType": "Bundle", "entry": [None, 0, {"resource": {"resourceType": 1}}, {}]},
    **{f"lists {depth} deep": nested(depth) for depth in DEPTHS},
    "deep objects": nested(DEPTHS[0], "resource", "contained", "entry", "extension"),
    "deep bundles": nested(DEPTHS[0], "entry", "resource"),
}

# Refused for their depth in most places, however lenient a reader is.
TOO_DEEP: Final = frozenset(f"lists {depth} deep" for depth in DEPTHS[1:])

_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
    | st.sampled_from(_WORDS)
)
names = st.sampled_from(NAMES)
anything = st.sampled_from(list(VALUES.values())) | st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def places(value: Any, path: Place = ()) -> list[Place]:  # noqa: ANN401 - any JSON
    """Every place in a body, the whole of it first."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, inner in inside for place in places(inner, (*path, key)))]


def at(value: Any, path: Place) -> Any:  # noqa: ANN401
    """What stands at a place."""
    for step in path:
        value = value[step]
    return value


def replaced(value: Any, path: Place, by: Any) -> Any:  # noqa: ANN401
    """A copy with something else at a place; what stands beside the path is the same."""
    if not path:
        return by
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], by)
    return copy


def removed(value: Any, path: Place) -> Any:  # noqa: ANN401
    """A copy without what stands at a place."""
    holder = at(value, path[:-1])
    copy: Any = dict(holder) if isinstance(holder, dict) else list(holder)
    del copy[path[-1]]
    return replaced(value, path[:-1], copy)


@st.composite
def spoiled(draw: st.DrawFn, good: Any) -> Any:  # noqa: ANN401
    """The body with up to four places replaced, removed, repeated, wrapped, unwrapped or filled with something more."""
    body = good
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(places(body)))
        if not path:
            continue
        content = at(body, path)
        what = draw(st.sampled_from(["replace", "replace", "remove", "list", "unwrap", "wrap", "add"]))
        if what == "remove":
            body = removed(body, path)
        elif what == "list":
            body = replaced(body, path, [content, content])
        elif what == "unwrap" and isinstance(content, list) and content:
            body = replaced(body, path, content[0])
        elif what == "wrap":
            body = replaced(body, path, {draw(names): content})
        elif what == "add" and isinstance(content, dict):
            body = replaced(body, path, {**content, draw(names): draw(anything)})
        else:
            body = replaced(body, path, draw(anything))
    return body


def written(body: Any) -> bytes:  # noqa: ANN401
    """The body as it is sent; what cannot be said in UTF-8 is sent as an escape."""
    return json.dumps(body).encode()
