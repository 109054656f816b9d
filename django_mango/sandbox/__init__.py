"""A whole fake Mango Office PBX in one process, loopback only.

For trying the application out without an account and for tests. It shares only
``django_mango.protocol`` with the client and speaks plain HTTP as the service
does: signed forms in, JSON and CSV out, signed notifications to a webhook.

::

    with Sandbox(SandboxOptions(port=0, webhook="http://127.0.0.1:8000/mango/default/")) as pbx:
        pbx.url                                    # http://127.0.0.1:40123/vpbx/
        pbx.incoming_call("79161234567", to="101")

How calls go is decided by the numbers dialled: see ``rules``. Who works there
is in ``staff``.
"""

from .options import OptionError, SandboxOptions
from .pbx import Sandbox, sandbox

__all__ = ["OptionError", "Sandbox", "SandboxOptions", "sandbox"]
