"""What other apps may listen to.

Every signal is sent after the commit, once for each transition, with keyword
arguments. A receiver that fails is logged and harms neither us nor the others.

========================  ==================================================
``call_started``          ``call``: a conversation is known for the first time
``call_answered``         ``call``: the client and a person talk
``call_finished``         ``call``: the call is over for good (``is_final``)
``call_missed``           ``call``: a final incoming call nobody took; its
                          ``missed_resolved_at`` says whether it is settled
``missed_call_resolved``  ``call``: the missed one, ``by``: the call that
                          settled it
``recording_available``   ``recording``: it can be fetched
``command_finished``      ``command``: its outcome is known
``import_finished``       ``report``: an ``ImportReport``
``import_overdue``        ``account``, ``staleness``: the statistics are older than
                          ``MANGO["STATS_ALERT_SECONDS"]``; told once in that time
========================  ==================================================

``sender`` is the model class (``ImportReport`` for ``import_finished``). Calls of an
import and of a sweep are announced once, at its end, and only those that ended within
``MANGO["SIGNAL_MAX_AGE_SECONDS"]``; a missed call then counts by the talk that settled
it. A rebuild announces nothing.
"""

from django.dispatch import Signal

call_started = Signal()
call_answered = Signal()
call_finished = Signal()
call_missed = Signal()
missed_call_resolved = Signal()
recording_available = Signal()
command_finished = Signal()
import_finished = Signal()
import_overdue = Signal()
