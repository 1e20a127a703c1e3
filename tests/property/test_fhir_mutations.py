"""Bundles that were good and have been spoiled: always an answer or a clear refusal, and nothing vanishes unsaid."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from service.api.examples import FHIR_CHECK_REQUESTS
from service.fhir.codes import LEFT_OUT
from service.fhir.reading import ReadingRefused, read
from tests.contract.examples import baseline_app
from tests.unit.service.fhir.resources import TODAY

PATH: Final = "/fhir/$check-magnesium"
GOOD: Final[dict[str, Any]] = FHIR_CHECK_REQUESTS["parameters"]["value"]
Place = tuple[str | int, ...]

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
    | st.sampled_from(
        ["", " ", "#", "#x", "Patient/example", "MedicationRequest/cipro", "active", "draft", "2026-02-30"]
    )
)
# Names that mean something stand where they do not belong as well.
NAMES: Final = """resourceType id status code coding system text reference entry resource contained value unit timing
    repeat medicationReference priorPrescription hasMember component link"""
names = st.sampled_from(NAMES.split())
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def places(value: Any, path: Place = ()) -> Iterator[Place]:  # noqa: ANN401 - any JSON
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*path, index))


PLACES: Final = [path for path in places(GOOD) if path]


@st.composite
def spoiled(draw: st.DrawFn) -> Any:  # noqa: ANN401 - any JSON
    """The good Parameters with up to four places replaced, removed, repeated, wrapped or filled with another place."""
    body = copy.deepcopy(GOOD)
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(PLACES))
        holder: Any = body
        try:
            for step in path[:-1]:
                holder = holder[step]
            content = holder[path[-1]]
        except (KeyError, IndexError, TypeError):
            continue
        what = draw(st.sampled_from(["replace", "remove", "list", "unwrap", "swap", "add"]))
        if what == "replace":
            holder[path[-1]] = draw(values)
        elif what == "remove":
            del holder[path[-1]]
        elif what == "list":
            holder[path[-1]] = [content, copy.deepcopy(content)]
        elif what == "unwrap" and isinstance(content, list) and content:
            holder[path[-1]] = content[0]
        elif what == "swap":
            other = draw(st.sampled_from(["resource", "parameter"]))
            holder[path[-1]] = {other: copy.deepcopy(content)}
        elif what == "add" and isinstance(content, dict):
            content[draw(names)] = draw(values)
    return body


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(baseline_app(), raise_server_exceptions=True) as client:
        yield client


@given(spoiled())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_an_answer_or_a_clear_refusal(client: TestClient, body: Any) -> None:  # noqa: ANN401
    try:
        content = json.dumps(body).encode("utf-8")
    except UnicodeEncodeError:
        return
    response = client.post(PATH, content=content, headers={"Content-Type": "application/fhir+json"})
    answer = response.json()
    assert response.headers["content-type"] == "application/fhir+json"
    if response.status_code == 200:
        assert answer["resourceType"] == "Parameters"
        assert {"status", "statement", "checkId", "ruleSet"} <= {one["name"] for one in answer["parameter"]}
    else:
        codes = [coding["code"] for coding in answer["issue"][0]["details"]["coding"]]
        # Nothing that could be a list of medications is left of it, and that is no patient who takes nothing.
        assert (response.status_code == 412) == ("nothing-to-check" in codes)
        assert response.status_code in {400, 412, 422}
        assert answer["resourceType"] == "OperationOutcome"
        assert answer["issue"][0]["severity"] == "error"


@given(spoiled())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_resource_is_taken_or_noted(body: Any) -> None:  # noqa: ANN401
    """Whatever was spoiled: a medication that is still one stands on the list, or a note says why it does not."""
    parameters = body.get("parameter") if isinstance(body, dict) else None
    sent = parameters if isinstance(parameters, list) else []
    resources = [one["resource"] for one in sent if isinstance(one, dict) and isinstance(one.get("resource"), dict)]
    try:
        found = read([(f"/{number}", one) for number, one in enumerate(resources)], as_of=TODAY)
    except ReadingRefused:
        return
    from_places = {source.origin for source in found.sources.values()}
    for number, resource in enumerate(resources):
        if resource.get("resourceType") not in ["MedicationRequest", "MedicationStatement"]:
            continue
        noted = any(note.pointer.startswith(f"/{number}") for note in found.notes)
        assert f"/{number}" in from_places or noted
        if resource.get("status") in list(LEFT_OUT):
            assert noted


@given(spoiled(), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
def test_the_order_of_resources_changes_no_finding(body: Any, random: Any) -> None:  # noqa: ANN401
    parameters = body.get("parameter") if isinstance(body, dict) else None
    sent = (
        [one.get("resource") for one in parameters or [] if isinstance(one, dict)]
        if isinstance(parameters, list)
        else []
    )
    shuffled = list(sent)
    random.shuffle(shuffled)
    one, other = (sorted_reading(order) for order in (sent, shuffled))
    assert one == other


def sorted_reading(resources: list[Any]) -> Any:  # noqa: ANN401
    """What is read of resources that have ids of their own, without regard to order; None where it is refused."""
    named: dict[str, Any] = {}
    for resource in resources:
        if isinstance(resource, dict) and isinstance(resource.get("id"), str):
            named.setdefault(f"{resource.get('resourceType')}/{resource['id']}", resource)
    if len(named) != len(resources):
        return None  # which of two with one id counts, or what number a nameless one gets, is a matter of order
    try:
        found = read([("/x", resource) for resource in resources], as_of=TODAY)
    except ReadingRefused:
        return None
    return (
        sorted(repr(item) for item in found.medications),
        found.patient,
        sorted(repr(item) for item in found.conditions or ()),
        sorted(repr(item) for item in found.observations),
        sorted((note.severity, note.code, note.text) for note in found.notes),
    )
