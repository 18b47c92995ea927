"""Logger, tracer and metrics that every function shares: one line of JSON a record, never a secret in it."""

from aws_lambda_powertools import Logger, Metrics, Tracer

logger = Logger()
tracer = Tracer()
metrics = Metrics()
