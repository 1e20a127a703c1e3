"""Bundles that were good and have been spoiled: always an answer or a clear refusal, and nothing vanishes unsaid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.api.examples import FHIR_CHECK_REQUESTS
from service.application.active import ActiveRuleSet
from service.fhir.codes import LEFT_OUT
from service.fhir.reading import ReadingRefused, read
from tests.baseline import packaged_rules
from tests.full_resources import CONDITION, ORDER, PATIENT, RECORD, VALUES, bundle
from tests.integration.decision_world import Answered, often
from tests.spoiling import NAMES, places, removed, replaced, spoiled, written
from tests.spoiling import VALUES as ANYTHING
from tests.unit.service.fhir.resources import TODAY

PATH: Final = "/fhir/$check-magnesium"
RESOURCES: Final = (PATIENT, ORDER, *RECORD, CONDITION, *VALUES)
GOOD: Final[dict[str, Any]] = FHIR_CHECK_REQUESTS["parameters"]["value"]
FULL: Final[dict[str, Any]] = {
    "resourceType": "Parameters",
    "parameter": [
        {"name": "asOf", "valueDate": "2026-11-22"},
        {"name": "explain", "valueBoolean": True},
        *({"name": "bundle", "resource": one} for one in RESOURCES),
        {"name": "medication", "resource": bundle()},
    ],
}
AS_A_BUNDLE: Final = bundle(ORDER, *RECORD[:2])
# The outside has every value; what is inside of resources is read by itself below, and here has every ninth.
_SHARES: Final = 9
Post = Callable[[str, bytes], Answered]


@pytest.fixture(scope="module")
def post() -> Iterator[Post]:
    with often(ActiveRuleSet(packaged_rules())) as post:
        yield post


def assert_answered(post: Post, body: object, name: object = None) -> int:
    """The status; it is an answer or a clear refusal, in FHIR's own words."""
    given = post(PATH, written(body))
    answer = given.json()
    if given.status == 200:
        assert answer["resourceType"] == "Parameters"
        assert {"status", "statement", "checkId", "ruleSet"} <= {one["name"] for one in answer["parameter"]}, name
    else:
        assert given.status in {400, 412, 422}, (name, answer)
        assert answer["resourceType"] == "OperationOutcome"
        assert answer["issue"][0]["severity"] == "error"
        codes = [coding["code"] for coding in answer["issue"][0]["details"]["coding"]]
        # Nothing that could be a list of medications is left of it, and that is no patient who takes nothing.
        assert (given.status == 412) == ("nothing-to-check" in codes), name
    assert given.headers["content-type"] == "application/fhir+json"
    return given.status


@pytest.mark.parametrize("body", [GOOD, FULL, AS_A_BUNDLE], ids=["example", "full", "bundle"])
def test_what_is_spoiled_was_good(post: Post, body: dict[str, Any]) -> None:
    assert assert_answered(post, body) == 200


@pytest.mark.parametrize("name", ANYTHING)
def test_every_kind_of_value_in_every_place(post: Post, name: str) -> None:
    number = list(ANYTHING).index(name)
    for body in (FULL, AS_A_BUNDLE):
        for position, path in enumerate(places(body)):
            if "resource" not in path or path[-1] == "resource" or (position + number) % _SHARES == 0:
                assert_answered(post, replaced(body, path, ANYTHING[name]), path)


@pytest.mark.parametrize("name", ANYTHING)
def test_every_kind_of_value_in_every_element(name: str) -> None:
    """In each element of each resource: it is read into a question or refused in our own words, and written again."""
    for one in RESOURCES:
        rest = [("/rest", [other for other in RESOURCES if other is not one])]
        for path in places(one):
            spoilt = replaced(one, path, ANYTHING[name])
            try:
                found = read([("/it", spoilt), *rest], as_of=TODAY, proposed={"/it"}, refills={"/it"})
            except ReadingRefused:
                continue
            assert found.profile(as_of=TODAY).medications == found.medications, (one["resourceType"], path)


@pytest.mark.parametrize("name", ANYTHING)
def test_every_kind_of_value_under_every_name(name: str) -> None:
    """Elements that are not there in good resources, or not in this type of resource."""
    for one in RESOURCES:
        for added in NAMES:
            for spoilt in ({**one, added: ANYTHING[name]}, {**one, added: {added: [ANYTHING[name]]}}):
                try:
                    read([("/it", spoilt)], as_of=TODAY)
                except ReadingRefused:
                    continue


def test_everything_can_be_missing(post: Post) -> None:
    for body in (GOOD, AS_A_BUNDLE):
        for path in places(body):
            if path:
                assert_answered(post, removed(body, path), path)


@given(st.sampled_from([GOOD, FULL, AS_A_BUNDLE]).flatmap(spoiled))
@settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
def test_an_answer_or_a_clear_refusal(post: Post, body: object) -> None:
    assert_answered(post, body)


@given(spoiled(GOOD))
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


@given(spoiled(GOOD), st.randoms(use_true_random=False))
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
