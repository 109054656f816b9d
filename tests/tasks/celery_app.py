"""A host's Celery, as its documentation says it; the queue is of this test run alone."""

from __future__ import annotations

import os

from celery import Celery

app = Celery("host")
app.conf.update(
    broker_url=os.environ.get("CHILD_BROKER", "redis://127.0.0.1:6379/13"),
    result_backend=os.environ.get("CHILD_BROKER", "redis://127.0.0.1:6379/13"),
    task_default_queue=os.environ.get("CHILD_QUEUE", "mango-test"),
    broker_connection_retry_on_startup=True,
    result_expires=60,
)
app.autodiscover_tasks()
