"""Logger and tracer that every function shares: one line of JSON a record, never a secret in it."""

from aws_lambda_powertools import Logger, Tracer

logger = Logger()
# Patching everything there is to trace would import botocore before anybody needs it: see core.aws.
tracer = Tracer(auto_patch=False)
