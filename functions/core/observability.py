"""Logs, metrics and traces, the same way in every function, and never a secret in any of them.

A handler is wrapped in `observed`, says what it works on with `about`, and counts what has happened with
`metrics.add_metric`. Metrics have one dimension, the service (each combination is billed as a metric of its
own); what has many values is a key of the log.
"""

import functools
import os
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

__all__ = ["MetricUnit", "about", "logger", "metrics", "observed", "tracer"]

Handler = Callable[[Any, LambdaContext], Any]


class _NoRecorder:
    """Stands in for X-Ray's, whose SDK takes a tenth of a cold start, on stages that are not traced."""


TRACED = "LAMBDA_TASK_ROOT" in os.environ and os.environ.get("POWERTOOLS_TRACE_DISABLED") != "true"

logger = Logger()
# Stages may share an account and a region, where the same name would be the same metric.
metrics = Metrics(namespace=f"StreamTime/{os.environ.get('STAGE', '')}")
# Patching everything there is to trace would import botocore before anybody needs it: see core.aws.
no_recorder: Any = _NoRecorder()
tracer = Tracer(auto_patch=False, disabled=not TRACED, provider=None if TRACED else no_recorder)


def observed(handle: Handler) -> Handler:
    """Wrap a function's handler: log with the call's id, trace it, and write what it counted.

    Neither answers nor exceptions become trace metadata: both may hold signed addresses.
    """

    @functools.wraps(handle)
    def counted(event: Any, context: LambdaContext) -> Any:
        try:
            return handle(event, context)
        finally:
            if metrics.metric_set:  # a line of nothing would cost as much as one of something
                metrics.flush_metrics()

    captured: Handler = counted
    if TRACED:
        captured = tracer.capture_lambda_handler(counted, capture_response=False, capture_error=False)
    logged: Handler = logger.inject_lambda_context(captured, clear_state=True)
    return logged


def about(**keys: Any) -> None:
    """Name what the call works on, in its log and in its trace: a video, an attempt, an execution."""
    logger.append_keys(**keys)
    for name, value in keys.items():
        tracer.put_annotation(name, value)
