"""From the facts of one conversation to one call: a pure, total function.

``project(facts)`` depends neither on the order nor on the repetition of its
inputs. The specification is the decision table of the manual
(``docs/projection.md``); the rooms follow its parts:

* ``facts``    what goes in and what comes out
* ``directory`` who is ours, at the time of the call
* ``legs``     legs from events and from statistics rows
* ``extended`` legs, ends and source from a conversation of the extended statistics
* ``callbacks`` the first legs of a callback, which ring our own people
* ``ends``     who the conversation runs between
* ``endings``  when a leg is over, when another must follow
* ``sources``  times, reason, line and extension from each kind of facts
* ``verdict``  direction, state and outcome
* ``parties``  who of us took part
* ``hangup``   the leg to end
* ``project``  all of it together
* ``plain``    the short way for calls known from statistics alone, with the same result;
  ``plain_incoming``, ``plain_callback`` and ``plain_rows`` belong to it
"""

from .directory import Address, Directory
from .facts import Facts, OpenLeg, ProjectedCall, ProjectedParty
from .hangup import choose_leg
from .project import VERSION, project, project_rows

__all__ = [
    "VERSION",
    "Address",
    "Directory",
    "Facts",
    "OpenLeg",
    "ProjectedCall",
    "ProjectedParty",
    "choose_leg",
    "project",
    "project_rows",
]
