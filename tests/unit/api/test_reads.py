"""Everything that can be read: lists, filters, pages, single records, and what has not changed."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from rules import compile_rule_set
from rules.canonical import digest
from service.application.active import ActiveRuleSet
from service.application.standing import Source
from service.main import create_app
from service.settings import Settings
from tests import factories as make
from tests.unit.api.conftest import make_rule_set
from tests.unit.api.contract_client import ContractClient

LISTS = [
    "substances",
    "products",
    "classes",
    "forms",
    "interactions",
    "conditions",
    "symptoms",
    "citations",
    "guidance",
    "reference-ranges",
    "intake-limits",
]


def ids(client: ContractClient, path: str) -> list[str]:
    response = client.get(path)
    assert response.status_code == 200, response.text
    return [record["id"] for record in response.json()["items"]]


@pytest.mark.parametrize("kind", LISTS)
def test_every_list_leads_to_its_records(client: ContractClient, kind: str) -> None:
    page = client.get(f"/v1/{kind}").json()
    assert page["rule_set"]["version"] == 7
    assert page["total"] == len(page["items"]) > 0
    assert "next" not in page
    for record in page["items"]:
        assert client.get(f"/v1/{kind}/{record['id']}").json() == record


@pytest.mark.parametrize("kind", LISTS)
def test_a_record_that_is_not_there(client: ContractClient, kind: str) -> None:
    response = client.get(f"/v1/{kind}/no-such-record")
    assert response.status_code == 404
    assert response.json()["code"] == "not-found"
    assert response.json()["detail"] == (
        "The rule set that answers has no such record. The list without the id shows those it has."
    )


@pytest.mark.parametrize("kind", LISTS)
def test_an_id_that_is_none(client: ContractClient, kind: str) -> None:
    response = client.get(f"/v1/{kind}/Ada%20Lovelace")
    assert response.status_code == 422
    [fault] = response.json()["errors"]
    assert fault["location"] == "path"
    words = "small letters and digits, single hyphens between"
    assert fault["detail"] == f"must match the pattern ^[a-z0-9]+(-[a-z0-9]+)*$: {words}"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/substances?q=FRUSEMIDE", ["furosemide"]),
        ("/v1/substances?q=lasi", ["furosemide"]),
        ("/v1/substances?q=nothing-like-it", []),
        ("/v1/substances?class_id=loop-diuretics", ["bumetanide", "furosemide"]),
        ("/v1/substances?class_id=loop-diuretics&q=bum", ["bumetanide"]),
        ("/v1/substances?class_id=no-such-class", []),
        ("/v1/substances?status=withdrawn", []),
        ("/v1/interactions?direction=depletes_magnesium", ["loop-diuretics-deplete-magnesium"]),
        ("/v1/interactions?severity=major", ["fluoroquinolones-with-magnesium"]),
        ("/v1/interactions?status=withdrawn", ["withdrawn-one"]),
        ("/v1/interactions?class_id=magnesium-salts", ["fluoroquinolones-with-magnesium"]),
        ("/v1/interactions?substance_id=bumetanide", ["loop-diuretics-deplete-magnesium"]),
        ("/v1/interactions?substance_id=furosemide", ["loop-diuretics-deplete-magnesium", "not-bumetanide"]),
        ("/v1/interactions?substance_id=paracetamol", ["withdrawn-one"]),
        ("/v1/interactions?substance_id=unknown", []),
        ("/v1/interactions?q=not-bum&status=active", ["not-bumetanide"]),
        ("/v1/conditions?magnesium_effect=high", ["kidney-disease"]),
        ("/v1/conditions?q=alcoholism", ["alcohol-use-disorder"]),
        ("/v1/symptoms?level=high", ["weak-reflexes"]),
        ("/v1/symptoms?stage=early", ["muscle-cramps"]),
        ("/v1/citations?kind=label", ["label"]),
        ("/v1/citations?verification=primary_text", ["source"]),
        ("/v1/guidance?topic=diet", []),
        ("/v1/forms?q=citrate", ["citrate"]),
        ("/v1/forms?q=hydrate%20MgO", ["oxide"]),
    ],
)
def test_lists_are_filtered(client: ContractClient, path: str, expected: list[str]) -> None:
    assert ids(client, path) == expected


def test_pages_follow_one_another_to_the_end(client: ContractClient) -> None:
    seen = []
    path = "/v1/substances"
    query: str | None = "?limit=2&q=i"
    while query is not None:
        page = client.get(path + query).json()
        assert len(page["items"]) <= 2
        assert page["total"] == 4
        seen += [record["id"] for record in page["items"]]
        query = page.get("next")
        if query is not None:
            assert parse_qs(query[1:])["q"] == ["i"]
    assert seen == ["bumetanide", "ciprofloxacin", "furosemide", "magnesium-oxide"]


def test_a_page_beyond_the_end_is_empty(client: ContractClient) -> None:
    page = client.get("/v1/substances?offset=1000").json()
    assert page["items"] == []
    assert page["total"] == 5


@pytest.mark.parametrize(
    ("query", "pointer", "detail"),
    [
        ("limit=0", "/limit", "must be at least 1"),
        ("limit=101", "/limit", "must be at most 100"),
        ("limit=ten", "/limit", "must be a whole number in plain digits"),
        ("limit=1.0", "/limit", "must be a whole number in plain digits"),
        ("limit=1_0", "/limit", "must be a whole number in plain digits"),
        ("limit=%2B5", "/limit", "must be a whole number in plain digits"),
        ("limit=", "/limit", "must be a whole number in plain digits"),
        ("limit=" + "9" * 5000, "/limit", "must be a whole number of reasonable size"),
        ("offset=-1", "/offset", "must be a whole number in plain digits"),
        ("q=", "/q", "must not be empty"),
        ("q=" + "x" * 101, "/q", "must have at most 100 characters"),
        ("status=retired", "/status", "must be one of 'active' or 'withdrawn'"),
        (
            "class_id=Loop",
            "/class_id",
            "must match the pattern ^[a-z0-9]+(-[a-z0-9]+)*$: small letters and digits, single hyphens between",
        ),
    ],
)
def test_a_parameter_that_does_not_fit(client: ContractClient, query: str, pointer: str, detail: str) -> None:
    response = client.get(f"/v1/substances?{query}")
    assert response.status_code == 422
    assert response.json()["errors"] == [{"location": "query", "pointer": pointer, "detail": detail}]


def test_an_unknown_parameter_is_refused_without_naming_it(client: ContractClient) -> None:
    response = client.get("/v1/substances?patient=Ada")
    assert response.status_code == 422
    detail = "has a parameter that is not allowed here; allowed: class_id, limit, offset, q, status"
    assert response.json()["errors"] == [{"location": "query", "pointer": "", "detail": detail}]
    for path in ("/health/live", "/v1/rule-sets/active", "/v1/substances/furosemide", "/metrics", "/docs"):
        response = client.get(f"{path}?x")
        assert response.status_code == 422
        assert response.json()["errors"][0]["detail"] == "has a parameter that is not allowed here; allowed: none"


@pytest.mark.parametrize("query", ["limit=1&limit=1", "q=a&limit=2&q=b", "limit=1&li%6Dit=2"])
def test_a_parameter_given_twice_is_refused(client: ContractClient, query: str) -> None:
    response = client.get(f"/v1/substances?{query}")
    assert response.status_code == 400
    problem = response.json()
    assert problem["code"] == "duplicate-parameter"
    name = query.partition("=")[0]
    assert problem["errors"] == [{"location": "query", "pointer": f"/{name}", "detail": "must be given at most once"}]


@pytest.mark.parametrize("path", ["/v1/checks?explain=true&explain=false", "/v1/medications/resolve?x=1"])
def test_the_bare_routes_are_as_strict(client: ContractClient, path: str) -> None:
    assert client.post(path, json={"medications": []}).status_code in {400, 422}


@pytest.mark.parametrize(("query", "status"), [("q=%ff", 400), ("&".join(f"x{n}=1" for n in range(200)), 422)])
def test_a_query_that_cannot_be_read(client: ContractClient, query: str, status: int) -> None:
    assert client.get(f"/v1/substances?{query}").status_code == status


def test_a_substance_names_its_classes_and_a_class_its_members(client: ContractClient) -> None:
    assert client.get("/v1/substances/furosemide").json()["class_ids"] == ["loop-diuretics"]
    assert client.get("/v1/classes/loop-diuretics").json()["substance_ids"] == ["bumetanide", "furosemide"]


def test_a_form_tells_how_much_magnesium_is_in_it(client: ContractClient) -> None:
    # 24.305 / 40.304, 3 x 24.305 / 451.113 and 3 x 24.305 / 613.248, by hand.
    [oxide] = client.get("/v1/forms/oxide").json()["hydrates"]
    assert oxide["molar_mass"] == "40.304"
    assert oxide["elemental_percent"] == "60.3"
    anhydrous, nonahydrate = client.get("/v1/forms/citrate").json()["hydrates"]
    assert anhydrous["elemental_percent"] == "16.16"
    assert nonahydrate["elemental_percent"] == "11.89"


def test_an_interaction_is_read_as_it_was_written(client: ContractClient) -> None:
    record = client.get("/v1/interactions/fluoroquinolones-with-magnesium").json()
    assert record["when"] == {"not": {"conditions": ["kidney-disease"]}}
    assert client.get("/v1/interactions/not-bumetanide").json()["when"] == {
        "all": [{"age_years": {"at_least": "65"}}, {"sex": "female"}]
    }


def test_an_interaction_has_its_digest_and_its_cases(client: ContractClient) -> None:
    record = client.get("/v1/interactions/loop-diuretics-deplete-magnesium").json()
    written = next(one for one in make_rule_set().interactions if one.id == record["id"])
    assert record["record_digest"] == digest(written)
    assert record["case_ids"] == ["loop-diuretic-fires"]
    [finding] = client.post(
        "/v1/checks", json={"medications": [{"id": "m1", "codes": [{"system": "atc", "code": "C03CA02"}]}]}
    ).json()["findings"]
    assert finding["record_digest"] == record["record_digest"]


def test_an_interaction_tells_its_source_attributes(client: ContractClient) -> None:
    """All thirteen of the regulation; what this rule set cannot tell is named as missing."""
    told = client.get("/v1/interactions/not-bumetanide").json()["source_attributes"]
    personal = {"race", "ethnicity", "language", "sexual_orientation", "gender_identity", "sex", "date_of_birth"}
    personal |= {"social_determinants_of_health", "health_status_assessments"}
    assert set(told) == personal | {
        "bibliographic_citations",
        "developer",
        "funding_source",
        "released_on",
        "revised_on",
        "missing",
    }
    assert (told["developer"], told["funding_source"], told["missing"]) == ("the makers", "the payers", [])
    assert (told["released_on"], told["revised_on"]) == ("2026-11-22", "2026-11-22")
    assert {name for name in personal if told[name]["used"]} == {"sex", "date_of_birth"}
    assert told["sex"] == {
        "used": True,
        "uses": [
            {
                "fact": "patient.sex",
                "place": "interactions/not-bumetanide/when/all/1/sex",
                "purpose": "applicability",
            }
        ],
    }
    assert told["race"] == {"used": False, "uses": []}
    [cited, *_] = told["bibliographic_citations"]
    assert cited == {key: cited[key] for key in ("citation_id", "title", "address")}
    assert client.get(f"/v1/citations/{cited['citation_id']}").json()["address"] == cited["address"]


def test_an_attribute_that_a_rule_cannot_tell_is_named(client: ContractClient) -> None:
    told = client.get("/v1/interactions/loop-diuretics-deplete-magnesium").json()["source_attributes"]
    assert told["missing"] == ["released_on"]
    assert "released_on" not in told


def test_a_citation_can_be_opened(client: ContractClient) -> None:
    assert client.get("/v1/citations/label").json()["address"] == "https://doi.org/10.1000/xyz"


def test_which_rule_set_answers(client: ContractClient) -> None:
    entry = client.get("/v1/rule-sets/active").json()
    assert entry["version"] == 7
    assert entry["digest"] == digest(make_rule_set())
    assert entry["counts"]["substances"] == 5
    assert entry["counts"]["cases"] == 1
    assert entry["loaded_at"].endswith("Z")


# --- what has not changed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_an_answer_seen_before_is_not_sent_again(client: ContractClient, form: str) -> None:
    first = client.get("/v1/substances?limit=1")
    tag = first.headers["etag"]
    again = client.get("/v1/substances?limit=1", headers={"If-None-Match": form.format(tag)})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == tag
    assert again.headers["cache-control"] == first.headers["cache-control"] == "no-cache"


def test_another_tag_is_another_answer(client: ContractClient) -> None:
    assert client.get("/v1/substances", headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_new_rule_set_is_read_at_once(settings: Settings) -> None:
    active = ActiveRuleSet(compile_rule_set(make.rule_set(make.substance("one")), version=1))
    with ContractClient(create_app(settings, active)) as client:
        first = client.get("/v1/substances")
        active._swap(compile_rule_set(make.rule_set(make.substance("two")), version=2), Source.MEMORY)
        second = client.get("/v1/substances", headers={"If-None-Match": first.headers["etag"]})
    assert [record["id"] for record in first.json()["items"]] == ["one"]
    assert [record["id"] for record in second.json()["items"]] == ["two"]
    assert second.json()["rule_set"]["version"] == 2


@pytest.mark.parametrize("path", [*(f"/v1/{kind}" for kind in LISTS), "/v1/substances/x", "/v1/rule-sets/active"])
def test_without_a_rule_set_nothing_is_read(client_without_rules: ContractClient, path: str) -> None:
    response = client_without_rules.get(path)
    assert response.status_code == 503
    assert response.json()["code"] == "no-rule-set"
    assert response.headers["retry-after"] == "5"


@pytest.mark.parametrize("path", ["/v1/checks", "/v1/medications/resolve"])
def test_without_a_rule_set_nothing_is_checked(client_without_rules: ContractClient, path: str) -> None:
    response = client_without_rules.post(path, json={"medications": []})
    assert response.status_code == 503
    assert response.json()["detail"] == (
        "No rule set has been loaded, so nothing can be answered: it has not been looked for yet. Try again shortly."
    )


@pytest.mark.parametrize("since", ["2026-01-01", "2026-01-01T00:00:00", "yesterday", "2026-13-01T00:00:00Z", ""])
def test_a_moment_that_is_none_is_told_what_one_is(client: ContractClient, since: str) -> None:
    response = client.get("/v1/decisions", params={"since": since})
    assert response.status_code == 422
    [fault] = response.json()["errors"]
    assert fault["pointer"] == "/since"
    assert fault["detail"] == "must be a moment with its time zone, such as 2026-11-24T08:00:00Z"
