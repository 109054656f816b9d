"""Run a module and end with the process that started it.

``python -m example_project.demo.leash MODULE ARGUMENT...`` is ``python -m MODULE ARGUMENT...``
that ends when its standard input is closed. The operating system closes it whatever way the
parent ends, SIGKILL included, so a killed demo leaves no server behind.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

#: Seconds between asking this process to end and ending it.
PATIENCE = 5.0


def main() -> None:
    module, *arguments = sys.argv[1:]
    threading.Thread(target=_end_with_parent, name="leash", daemon=True).start()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    os._exit(1)


if __name__ == "__main__":
    main()
