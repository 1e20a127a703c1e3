"""Logs and metrics: JSON lines on standard error, and a Prometheus registry of our own.

No log line and no label ever holds medication text, patient facts, a query string or the text of a foreign exception:
those may carry what a caller sent.
"""

import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from rules.terms import CheckStatus, Severity
from service.errors import ServiceError

# An answer takes well under a millisecond of computing; the upper end shows trouble with the machine or the network.
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_MAXIMUM_CAUSES = 5
_SERVER_LOGGERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")
_CLIENT_LOGGERS = ("httpx2", "httpcore2")
_FIELDS = "magcheck_fields"


def configure_logging(*, level: str = "info", console: bool = False) -> None:
    """Send every log line of this process to standard error, as JSON or, with ``console``, for the eyes.

    Lines of libraries that log through the standard library come out in the same form. The web server's own access
    log is off: it would write query strings.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(ConsoleLines() if console else JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    for name in _SERVER_LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = name != "uvicorn.access"
    for name in _CLIENT_LOGGERS:  # a line for each step of a request to an issuer or a provider, with its whole address
        logging.getLogger(name).setLevel(logging.WARNING)


def get_logger(name: str) -> "EventLogger":
    """Get the logger of a module."""
    return EventLogger(logging.getLogger(name))


class EventLogger:
    """Logs events: a name that never changes, and what belongs to it as fields."""

    def __init__(self, logger: logging.Logger) -> None:
        """Write through a logger of the standard library."""
        self._logger = logger

    def info(self, event: str, **fields: object) -> None:
        """Something happened as it should."""
        self._write(logging.INFO, event, None, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Something is not as it should be, and the service copes."""
        self._write(logging.WARNING, event, None, fields)

    def error(self, event: str, *, exc_info: BaseException | None = None, **fields: object) -> None:
        """Something failed."""
        self._write(logging.ERROR, event, exc_info, fields)

    def exception(self, event: str, **fields: object) -> None:
        """Something failed with the exception that is being handled."""
        self._write(logging.ERROR, event, sys.exception(), fields)

    def _write(self, level: int, event: str, error: BaseException | None, fields: dict[str, object]) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, "%s", event, exc_info=error, extra={_FIELDS: fields})


class JsonLines(logging.Formatter):
    """One line of JSON for each record. Everything outside ASCII is escaped, so no text can forge a line of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        return json.dumps(_content(record), default=str)


class ConsoleLines(logging.Formatter):
    """One line for each record, and the exception below it, for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        content = _content(record)
        time, level = content.pop("timestamp"), content.pop("level")
        event, chain = content.pop("event"), content.pop("exception", [])
        content.pop("logger")
        fields = "".join(f" {name}={value!r}" for name, value in content.items())
        lines = [f"{time[11:19]} {level:<7} {event}{fields}"]
        for entry in chain:
            lines.append(f"  {entry['type']}" + (f": {entry['text']}" if "text" in entry else ""))
            lines.extend(f"    {frame}" for frame in entry["frames"])
        return "\n".join(lines)


def _content(record: logging.LogRecord) -> dict[str, Any]:
    content: dict[str, Any] = {
        "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": record.getMessage(),
        **getattr(record, _FIELDS, {}),
    }
    if record.exc_info is not None and record.exc_info[1] is not None:
        content["exception"] = _without_foreign_text(record.exc_info[1])
    return content


def _without_foreign_text(error: BaseException | None) -> list[dict[str, Any]]:
    """Type and place of an exception and of its causes.

    A pydantic or database error repeats its input in its text; only our own errors promise not to.
    """
    chain: list[dict[str, Any]] = []
    while error is not None and len(chain) < _MAXIMUM_CAUSES:
        entry: dict[str, Any] = {"type": f"{type(error).__module__}.{type(error).__qualname__}"}
        if isinstance(error, ServiceError):
            entry["text"] = str(error)
        entry["frames"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
        ]
        chain.append(entry)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return chain


class CheckTotals(Collector):
    """What was checked and found, since the start.

    Plain numbers that are put into the metrics when somebody asks for these: a counter of the library takes a lock
    each time, and half a dozen of them would cost as much as a tenth of a check. Only the event loop's thread counts.
    """

    def __init__(self) -> None:
        """Nothing yet, of everything that can be counted."""
        self.statuses = dict.fromkeys([status.value for status in CheckStatus], 0)
        self.findings = dict.fromkeys([severity.value for severity in Severity], 0)
        self.unrecognised = 0

    def count(self, status: str, findings: Mapping[str, int], unrecognised: int) -> None:
        """Count one report: its status, its findings by severity, its unrecognised medications."""
        self.statuses[status] += 1
        for severity, number in findings.items():
            if number:
                self.findings[severity] += number
        self.unrecognised += unrecognised

    def collect(self) -> Iterator[Metric]:
        """The totals as metrics."""
        checks = CounterMetricFamily(
            "magcheck_checks", "Medication lists checked, by status of the report.", labels=["status"]
        )
        for status, number in self.statuses.items():
            checks.add_metric([status], number)
        yield checks
        found = CounterMetricFamily("magcheck_findings", "Findings reported, by severity.", labels=["severity"])
        for severity, number in self.findings.items():
            found.add_metric([severity], number)
        yield found
        yield CounterMetricFamily(
            "magcheck_unrecognised", "Medications that were not recognised.", value=self.unrecognised
        )


class DecisionTotals(Collector):
    """What became of decisions, since the start. Plain numbers, each counted by one thread only."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.kept = dict.fromkeys(["store", "journal"], 0)
        self.batches = dict.fromkeys(["store", "journal"], 0)
        self.flushed = 0
        self.lost = 0
        self.refused = 0
        self.torn = 0
        self.waiting_bytes: Callable[[], int] = lambda: 0

    def collect(self) -> Iterator[Metric]:
        """The totals as metrics."""
        for name, text, numbers in (
            ("magcheck_decisions", "Decisions kept, by where they were durable first.", self.kept),
            ("magcheck_decision_batches", "Group commits of decisions, by where to.", self.batches),
        ):
            metric = CounterMetricFamily(name, text, labels=["place"])
            for place, number in numbers.items():
                metric.add_metric([place], number)
            yield metric
        for name, text, number in (
            ("magcheck_decisions_flushed", "Decisions moved from the journal into the database.", self.flushed),
            ("magcheck_decisions_lost", "Decisions that were kept nowhere although their answers left.", self.lost),
            ("magcheck_decisions_refused", "Checks not answered: the decision could not be kept.", self.refused),
            ("magcheck_decision_journal_torn", "Lines of the journal that a crash cut off.", self.torn),
        ):
            yield CounterMetricFamily(name, text, value=number)
        yield GaugeMetricFamily(
            "magcheck_decision_journal_bytes",
            "What waits in the journal of this process for the database.",
            value=self.waiting_bytes(),
        )


class StandingGauges:
    """How sure this process may be of what it answers from."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register them."""
        self._age = Gauge(
            "magcheck_store_age_seconds",
            "Seconds since the database was last seen; NaN when it never was, or when there is none.",
            registry=registry,
        )
        self._degraded = Gauge(
            "magcheck_degraded",
            "1 when somebody should look after this process; readiness says why.",
            registry=registry,
        )
        self._source = Gauge(
            "magcheck_rule_set_source", "1 for where the rule set that answers is from.", ["source"], registry=registry
        )
        self._saved = Gauge(
            "magcheck_last_known_good_saved", "1 when what answers is kept on disk for a cold start.", registry=registry
        )
        self._saves_failed = Gauge(
            "magcheck_last_known_good_failures", "How often it could not be kept, since the start.", registry=registry
        )

    def tell(
        self,
        *,
        source: str,
        sources: Iterable[str],
        degraded: bool,
        age: float | None,
        saves_failed: int,
        saved: bool,
    ) -> None:
        """Set them all."""
        self._age.set(float("nan") if age is None else age)
        self._degraded.set(degraded)
        for one in sources:
            self._source.labels(one).set(one == source)
        self._saved.set(saved)
        self._saves_failed.set(saves_failed)


class Metrics:
    """The service's own metrics, in a registry of their own: two applications in one process stay apart.

    Labels come from closed sets (status, severity, route template), never from a request.
    """

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        """Register all metrics."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.checks = CheckTotals()
        self.registry.register(self.checks)
        self.decisions = DecisionTotals()
        self.registry.register(self.decisions)
        self.request_seconds = Histogram(
            "magcheck_request_duration_seconds",
            "Time from the request's first byte to the answer's last, by method, route template and status.",
            ["method", "route", "status"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.rule_set_version = Gauge(
            "magcheck_rule_set_version",
            "Number of the rule set that answers; 0 when there is none.",
            registry=self.registry,
        )

        self.audit_trail_noted = Gauge(
            "magcheck_audit_trail_noted",
            "Whether the audit trail goes on from the checkpoint outside the database, and that could be renewed.",
            registry=self.registry,
        )
        self.audit_trail_noted.set(1)
        self.standing = StandingGauges(self.registry)

    def render(self) -> bytes:
        """Write all metrics in the Prometheus text format."""
        return generate_latest(self.registry)
