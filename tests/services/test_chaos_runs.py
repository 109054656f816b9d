"""The proof of the chaos benchmark with fewer calls: bad mail, one import, the same calls."""

import pytest

from benchmarks.chaos_calls import KINDS
from benchmarks.chaos_runs import COMPARED, Run, differences, overtaken, run
from django_mango.models import Call, CallRecord, Notification

pytestmark = pytest.mark.django_db(transaction=True)

#: Every kind once, and some by chance.
CALLS = len(KINDS) + 16
SEED = 1


def both(calls: int) -> tuple[Run, Run]:
    calm = run("calm", calls, seed=SEED, chaos=False)
    return calm, run("chaos", calls, seed=SEED, chaos=True)


def test_chaos_and_one_import_leave_every_call_as_it_would_be():
    calm, stormy = both(CALLS)
    assert len(calm.calls()) == len(stormy.calls()) == CALLS
    assert [str(one) for one in differences(calm, stormy)] == []
    assert {call.state for call in stormy.calls().values()} == {Call.State.FINISHED}
    # The proof proves nothing unless the mail was bad and the import had something to mend.
    mail = stormy.traffic.pbx.courier
    assert mail.failed == calm.traffic.pbx.courier.lost == 0
    assert 0.1 < mail.lost / mail.sent < 0.3
    assert mail.doubled
    assert mail.late
    assert overtaken(calm.traffic.deliveries, calm.traffic.deliveries) == 0
    assert overtaken(calm.traffic.deliveries, stormy.traffic.deliveries) > 10
    stored = Notification.objects.filter(account=stormy.account)
    assert stored.count() == mail.sent - mail.lost
    assert stored.filter(copies__gt=0).count() == mail.doubled
    assert not stored.unprocessed().exists()
    assert not stored.exclude(error="").exists()
    assert not CallRecord.objects.filter(account=stormy.account, entry_id="").exists()


def test_a_difference_of_each_field_is_seen():
    calm, stormy = both(3)
    answered = next(call for call in stormy.calls().values() if call.answered_at and call.extension)
    for name in (*COMPARED, "extension"):
        before = getattr(answered, name)
        setattr(answered, name, None if name.endswith(("_at", "_seconds")) else "other")
        answered.save(update_fields=[name])
        (difference,) = differences(calm, stormy)
        assert list(difference.fields) == [name]
        setattr(answered, name, before)
        answered.save(update_fields=[name])
    answered.delete()
    (difference,) = differences(calm, stormy)
    assert difference.entry_id == answered.entry_id
