"""Log lines are one line of JSON each, name what happened, and hold nothing that a caller sent."""

import json
import logging
import re
import sys
import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import BaseModel

from service.errors import StoreUnavailable
from service.telemetry import Metrics, configure_logging, get_logger

CANARY = "Jane Doe 1950-01-01"


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    logging.captureWarnings(capture=False)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    captured = capsys.readouterr()
    assert captured.out == ""
    return [json.loads(line) for line in captured.err.splitlines()]


def test_one_line_of_json_each(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    get_logger("service.somewhere").info("rule_set_loaded", number=3, text="two\nlines \u2028 \x1b[31m", at=Path("/x"))
    logging.getLogger("some.library").warning("from a %s", "library")
    first, second = lines(capsys)
    assert datetime.fromisoformat(str(first.pop("timestamp"))).utcoffset() == timedelta(0)
    assert first == {
        "event": "rule_set_loaded",
        "level": "info",
        "logger": "service.somewhere",
        "number": 3,
        "at": "/x",
        "text": "two\nlines \u2028 \x1b[31m",
    }
    assert (second["event"], second["level"], second["logger"]) == ("from a library", "warning", "some.library")


def test_control_characters_cannot_break_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    get_logger("x").warning("text", text='"\r\n\x1b[31m\u2028\u202e')
    written = capsys.readouterr().err
    assert written.count("\n") == 1
    assert written.isascii()
    assert "\x1b" not in written


def test_the_level_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="warning")
    get_logger("x").info("quiet")
    logging.getLogger("y").info("quiet")
    get_logger("x").warning("loud")
    logging.getLogger("y").warning("loud")
    assert [line["event"] for line in lines(capsys)] == ["loud", "loud"]


def test_the_texts_of_foreign_exceptions_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    class Dose(BaseModel):
        value: int

    def fail() -> None:
        try:
            Dose.model_validate({"value": CANARY})
        except ValueError as error:
            raise StoreUnavailable("the database is away") from error

    configure_logging()
    for logger in (get_logger("ours"), logging.getLogger("uvicorn.error")):
        try:
            fail()
        except StoreUnavailable:
            logger.exception("it failed")
    written = lines(capsys)
    assert len(written) == 2
    assert CANARY not in json.dumps(written)
    for line in written:
        chain = line["exception"]
        assert isinstance(chain, list)
        assert [entry["type"].rpartition(".")[2] for entry in chain] == ["StoreUnavailable", "ValidationError"]
        assert chain[0]["text"] == "the database is away"
        assert "text" not in chain[1]
        assert any(frame.endswith("fail") for frame in chain[0]["frames"])


@pytest.mark.parametrize("suppressed", [True, False])
def test_causes_are_followed_as_python_does(capsys: pytest.CaptureFixture[str], *, suppressed: bool) -> None:
    def fail() -> None:
        try:
            json.loads(CANARY)
        except ValueError:
            if suppressed:
                raise OSError from None
            raise OSError  # noqa: B904 - the context is what this is about

    configure_logging()
    try:
        fail()
    except OSError as error:
        get_logger("x").error("failed", exc_info=error)
    (line,) = lines(capsys)
    assert isinstance(line["exception"], list)
    types = [entry["type"] for entry in line["exception"]]
    assert types == ["builtins.OSError"] + ([] if suppressed else ["json.decoder.JSONDecodeError"])


def test_a_line_without_an_exception_asks_for_none(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    get_logger("x").error("failed")
    get_logger("x").exception("nothing is being handled")
    logging.getLogger("y").error("nor here", exc_info=True)  # noqa: LOG014 - somebody else's slip
    assert ["exception" in line for line in lines(capsys)] == [False, False, False]


def test_the_server_logs_through_us_and_its_access_log_not_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("uvicorn", "uvicorn.access"):
        logging.getLogger(name).addHandler(logging.StreamHandler(sys.stderr))
    configure_logging()
    logging.getLogger("uvicorn.access").info("GET /x?name=%s", CANARY)
    logging.getLogger("uvicorn.error").info("Started")
    assert [line["event"] for line in lines(capsys)] == ["Started"]


def test_warnings_become_log_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    assert [line["logger"] for line in lines(capsys)] == ["py.warnings"]


def test_development_is_for_the_eyes(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(console=True)
    get_logger("x").info("rule_set_loaded", number=3, text="two\nlines")
    try:
        json.loads(CANARY)
    except ValueError as error:
        get_logger("x").error("failed", exc_info=error)
    first, second, kind, *frames = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"\d\d:\d\d:\d\d info    rule_set_loaded number=3 text='two\\nlines'", first)
    assert second.endswith("error   failed")
    assert kind == "  json.decoder.JSONDecodeError"
    assert "test_development_is_for_the_eyes" in frames[0]


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(metrics.render().decode())
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_counts() -> None:
    metrics = Metrics()
    metrics.checks.count("incomplete", {"major": 2, "minor": 0}, 3)
    metrics.checks.count("complete", {}, 0)
    metrics.rule_set_version.set(7)
    metrics.request_seconds.labels("POST", "/v1/checks", "200").observe(0.0007)
    found = samples(metrics)
    assert found["magcheck_checks_total", "incomplete"] == 1
    assert found["magcheck_checks_total", "complete"] == 1
    assert found["magcheck_findings_total", "major"] == 2
    assert found["magcheck_findings_total", "minor"] == 0
    assert found["magcheck_unrecognised_total",] == 3
    assert found["magcheck_rule_set_version",] == 7
    assert found["magcheck_request_duration_seconds_bucket", "0.0005", "POST", "/v1/checks", "200"] == 0
    assert found["magcheck_request_duration_seconds_bucket", "0.001", "POST", "/v1/checks", "200"] == 1
    assert any(name.startswith("process_") for name, *_ in found)


def test_two_applications_in_one_process_stay_apart() -> None:
    one, other = Metrics(), Metrics()
    one.checks.count("incomplete", {}, 1)
    assert samples(one)["magcheck_unrecognised_total",] == 1
    assert samples(other)["magcheck_unrecognised_total",] == 0
