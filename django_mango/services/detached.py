"""Long work in a process of its own, for sites without a queue.

A thread of the web server would die with its worker (they are recycled, reloaded, and under
some servers threads do not run at all), would share its memory and hold a connection of it.
A process has none of that; dying it blocks nobody, because its lease expires. It gets the
settings and the import path of this process, its errors go where ours go.
"""

from __future__ import annotations

import json
import logging
import os
import selectors
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, cast

from django.conf import settings
from django.utils.translation import gettext as _

from .errors import NotStarted

log = logging.getLogger("django_mango.background")

#: What the process says when Django is up in it and the work begins.
READY = "ready"
# Django first: our packages cannot be imported before its apps are loaded.
_LAUNCH = (
    "import sys, django; django.setup();"
    " from django_mango.tasks.process import main; main(*sys.argv[1:])"
)
#: Seconds that may take. Then the request goes on; the work may still begin.
_PATIENCE = 20.0

#: Ours that may be running, so that ended ones can be collected.
_started: list[subprocess.Popen[bytes]] = []


def start_process(name: str, arguments: Mapping[str, Any]) -> None:
    """Do a job in a process of its own and return once it has begun.

    Raises ``NotStarted`` when it ends before that; its error is in the log.
    """
    # Asking collects those that have ended.
    _started[:] = [one for one in _started if one.poll() is None]
    command = [_python(), "-c", _LAUNCH, name, json.dumps(arguments)]
    try:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            env={**os.environ, **_environment()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            # A Ctrl-C at the web server is not meant for it.
            start_new_session=True,
        )
    except OSError as error:
        log.exception("no process could be started")
        raise _not_started() from error
    _started.append(process)
    if not _has_begun(process):
        # It said nothing and closed its end: it is ending, or it never will do anything.
        process.kill()
        log.error("the process for %s ended with %s before it began", name, process.wait())
        raise _not_started()


def _has_begun(process: subprocess.Popen[bytes]) -> bool:
    """Wait for the first word; silence for too long is no proof of a failure."""
    with cast(IO[bytes], process.stdout) as told:
        if os.name == "posix":  # elsewhere a pipe cannot be waited for with a limit
            with selectors.DefaultSelector() as selector:
                selector.register(told, selectors.EVENT_READ)
                if not selector.select(_PATIENCE):
                    return True
        return told.readline().strip() == READY.encode()


def _environment() -> dict[str, str]:
    module = getattr(settings, "SETTINGS_MODULE", None)
    if not module:
        log.error("settings made by settings.configure() cannot be had by another process")
        raise _not_started()
    return {
        "DJANGO_SETTINGS_MODULE": str(module),
        # As here, wherever the web server found the project.
        "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path),  # noqa: PTH109
    }


def _python() -> str:
    """The interpreter. Inside uWSGI and mod_wsgi ``sys.executable`` is the server."""
    for path in (Path(sys.executable or "."), Path(sys.exec_prefix, "bin", "python3")):
        if path.name.lower().startswith("python") and path.is_file():
            return str(path)
    log.error("no Python interpreter found: neither %r nor that of its prefix", sys.executable)
    raise _not_started()


def _not_started() -> NotStarted:
    return NotStarted(
        _("The work could not be started; the log of the site says why."), "not_started"
    )
