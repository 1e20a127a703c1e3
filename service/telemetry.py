"""Logs and metrics: JSON lines on standard error, and a Prometheus registry of our own.

No log line and no label ever holds medication text, patient facts, a query string or the text of a foreign exception:
those may carry what a caller sent.
"""

import logging
import sys
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from structlog.typing import EventDict, Processor, WrappedLogger

from service.errors import ServiceError

_ExceptionTriple = tuple[type[BaseException], BaseException, TracebackType | None]
# An answer takes well under a millisecond of computing; the upper end shows trouble with the machine or the network.
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_MAXIMUM_CAUSES = 5
_SERVER_LOGGERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")


def configure_logging(*, level: str = "info", console: bool = False) -> None:
    """Send every log line of this process to standard error, as JSON or, with ``console``, for the eyes.

    Lines of libraries that log through the standard library come out in the same form. The web server's own access
    log is off: it would write query strings.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()) if console else structlog.processors.JSONRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _exceptions_without_foreign_text,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    for name in _SERVER_LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = name != "uvicorn.access"


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Get the logger of a module."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def _exceptions_without_foreign_text(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace ``exc_info`` by type and place of the exception and of its causes.

    A pydantic or database error repeats its input in its text; only our own errors promise not to.
    """
    triple = _triple(event.pop("exc_info", None))
    if triple is None:
        return event
    error: BaseException | None = triple[1]
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
    event["exception"] = chain
    return event


def _triple(exc_info: object) -> _ExceptionTriple | None:
    if exc_info is True:
        exc_info = sys.exc_info()
    if isinstance(exc_info, BaseException):
        return type(exc_info), exc_info, exc_info.__traceback__
    if isinstance(exc_info, tuple) and exc_info[0] is not None:
        return exc_info
    return None


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
        self.checks_total = Counter(
            "magcheck_checks", "Medication lists checked, by status of the report.", ["status"], registry=self.registry
        )
        self.findings_total = Counter(
            "magcheck_findings", "Findings reported, by severity.", ["severity"], registry=self.registry
        )
        self.unrecognised_total = Counter(
            "magcheck_unrecognised", "Medications that were not recognised.", registry=self.registry
        )
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

    def count_check(self, *, status: str, findings: Mapping[str, int], unrecognised: int) -> None:
        """Count one report: its status, its findings by severity, its unrecognised medications."""
        self.checks_total.labels(status).inc()
        for severity, count in findings.items():
            if count:
                self.findings_total.labels(severity).inc(count)
        if unrecognised:
            self.unrecognised_total.inc(unrecognised)

    def render(self) -> bytes:
        """Write all metrics in the Prometheus text format."""
        return generate_latest(self.registry)
