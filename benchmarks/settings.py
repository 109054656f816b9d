"""Settings of the benchmarks: the test settings without what slows or forbids."""

import os

from tests.settings import *  # noqa: F403 - the benchmarks measure the host of the tests
from tests.settings import DATABASES, INSTALLED_APPS

DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASES["default"]["NAME"] = os.environ.get("BENCHMARK_DATABASE", "mango_benchmark")
INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.bare"]
ROOT_URLCONF = "benchmarks.urls"
ALLOWED_HOSTS = ["127.0.0.1"]
LOGGING = {"version": 1, "disable_existing_loggers": False, "root": {"level": "ERROR"}}
