"""Use cases: the only way anything is sent, received or imported."""

from .accounts import account_for, client_for, known_account
from .calling import (
    CallPlan,
    hang_up,
    may_hang_up,
    outcome_level,
    outcome_text,
    place_call,
    plan_call,
    request_call,
    settle_commands,
)
from .catching_up import import_gaps, import_latest
from .client_calls import calls_of
from .contacts import Client, clients_of, clients_of_number
from .coverage import complete_until, gaps
from .directory import employee_of
from .errors import (
    AccountUnknown,
    ColleagueBusy,
    DestinationRefused,
    FileRefused,
    ImportRunning,
    InsideTransaction,
    NoExtension,
    NothingToHangUp,
    NumberRefused,
    PeriodRefused,
    PermissionRefused,
    UserError,
)
from .importing import (
    ImportReport,
    Progress,
    already_loaded,
    import_file,
    import_periods,
    import_statistics,
    latest_periods,
    look_at_file,
    unfinished_periods,
    windows_to_load,
)
from .inbox import receive, replay
from .missed import close_by_hand
from .periods import Period
from .phone_fields import Phone, numbers_in, numbers_of, phone_paths
from .phone_index import IndexReport
from .phone_rebuild import IndexProgress, index_numbers
from .projecting import project_entries
from .rebuilding import RebuildReport, rebuild_calls
from .staleness import import_staleness
from .sweeping import sweep

__all__ = [
    "AccountUnknown",
    "CallPlan",
    "Client",
    "ColleagueBusy",
    "DestinationRefused",
    "FileRefused",
    "ImportReport",
    "ImportRunning",
    "IndexProgress",
    "IndexReport",
    "InsideTransaction",
    "NoExtension",
    "NothingToHangUp",
    "NumberRefused",
    "Period",
    "PeriodRefused",
    "PermissionRefused",
    "Phone",
    "Progress",
    "RebuildReport",
    "UserError",
    "account_for",
    "already_loaded",
    "calls_of",
    "client_for",
    "clients_of",
    "clients_of_number",
    "close_by_hand",
    "complete_until",
    "employee_of",
    "gaps",
    "hang_up",
    "import_file",
    "import_gaps",
    "import_latest",
    "import_periods",
    "import_staleness",
    "import_statistics",
    "index_numbers",
    "known_account",
    "latest_periods",
    "look_at_file",
    "may_hang_up",
    "numbers_in",
    "numbers_of",
    "outcome_level",
    "outcome_text",
    "phone_paths",
    "place_call",
    "plan_call",
    "project_entries",
    "rebuild_calls",
    "receive",
    "replay",
    "request_call",
    "settle_commands",
    "sweep",
    "unfinished_periods",
    "windows_to_load",
]
