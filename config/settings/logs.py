"""What is written about requests and jobs, and how; where traces and errors are sent."""

from __future__ import annotations

import logging

from config.env import env_choice, env_int, env_secret, env_str
from config.logs import logging_config

# Logs
LOG_LEVEL = env_choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = env_choice("LOG_FORMAT", "console", ("console", "json"))
LOGGING = logging_config(LOG_LEVEL, LOG_FORMAT)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
# Which config/answer_headers.py has looked at.
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True
# The address in the log, as config/proxies.py left it.
IPWARE_META_PRECEDENCE_ORDER = ("REMOTE_ADDR",)
# One line for a request; what became of a job is said by the worker itself.
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_CELERY_DEFAULT_LOG_LEVEL = logging.DEBUG

# Traces of jobs: the address of an OpenTelemetry collector (OTLP over HTTP), without /v1/traces; empty: none are made.
TRACES_ENDPOINT = env_str("OTEL_EXPORTER_OTLP_ENDPOINT")
# What the collector asks for: NAME=VALUE, separated by commas.
TRACES_HEADERS = env_secret("OTEL_EXPORTER_OTLP_HEADERS")
TRACES_PERCENT = env_int("TRACES_PERCENT", 100, high=100)

# Errors for Sentry or what speaks its protocol; empty: none are sent.
SENTRY_DSN = env_secret("SENTRY_DSN")
