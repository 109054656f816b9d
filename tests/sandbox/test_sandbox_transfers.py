"""Commands on a running call: route, transfer, hold, record (11.7.3-11.7.5, §3.2.5-§3.2.11)."""

import pytest

ANNA, PETR = "sip:smirnova@romashka.mangosip.ru", "sip:ivanov@romashka.mangosip.ru"
CLIENT = "79161234567"


def command(bench, read_json, name, **payload):
    return read_json(bench.post(f"commands/{name}", {"command_id": "t1", **payload}))["result"]


def told(bench):
    """(leg, seq, state, caller, callee, reason) of every call event."""
    legs = []
    found = []
    for event in bench.events():
        if event["call_id"] not in legs:
            legs.append(event["call_id"])
        found.append(
            (
                legs.index(event["call_id"]) + 1,
                event["seq"],
                event["call_state"],
                event["from"].get("extension") or event["from"].get("number"),
                event["to"].get("extension") or event["to"].get("number"),
                event.get("disconnect_reason"),
            )
        )
    return found


@pytest.fixture
def talk(bench):
    """A client talks to 101; leg 1 was the menu. Gives the id of the talk's leg."""
    bench.pbx.incoming_call(CLIENT, to="101")
    bench.pbx.play(10)
    assert told(bench)[-1][:3] == (2, 2, "Connected")
    return bench.events()[-1]["call_id"]


def test_a_consultative_transfer_in_the_order_of_the_document(bench, read_json, talk):
    wish = {"call_id": talk, "method": "hold", "to_number": "102", "initiator": "101"}
    assert command(bench, read_json, "transfer", **wish) == 1000
    bench.pbx.play()
    assert told(bench)[3:] == [
        (2, 2, "Connected", CLIENT, "101", None),
        (2, 3, "OnHold", CLIENT, "101", None),
        (3, 1, "Appeared", "101", "102", None),
        (3, 2, "Connected", "101", "102", None),
        (2, 4, "Disconnected", CLIENT, "101", 1120),
        (3, 3, "Connected", CLIENT, "102", None),
        (3, 4, "Disconnected", CLIENT, "102", 1110),
    ]
    third = [event for event in bench.events() if event["to"].get("extension") == "102"]
    assert {event["from"]["taken_from_call_id"] for event in third} == {talk}
    assert {event["command_id"] for event in third} == {"t1"}
    assert bench.events("result/transfer") == [{"command_id": "t1", "result": "1000"}]
    assert len(bench.events("events/summary")) == 1
    rows = bench.report(fields="from_number,to_extension,disconnect_reason")
    assert rows[1:] == [f"{CLIENT};101;1120", f"{CLIENT};102;1110"]


def test_a_blind_transfer_in_the_order_of_the_document(bench, read_json, talk):
    wish = {"call_id": talk, "method": "blind", "to_number": "102", "initiator": ANNA}
    assert command(bench, read_json, "transfer", **wish) == 1000
    bench.pbx.play()
    assert told(bench)[4:] == [
        (2, 3, "OnHold", CLIENT, "101", None),
        (3, 1, "Appeared", "101", "102", None),
        (2, 4, "Disconnected", CLIENT, "101", 1120),
        (3, 2, "Appeared", CLIENT, "102", None),
        (3, 3, "Connected", CLIENT, "102", None),
        (3, 4, "Disconnected", CLIENT, "102", 1110),
    ]


def test_the_end_of_a_consultation_brings_the_client_back(bench, read_json, talk):
    wish = {"call_id": talk, "method": "hold", "to_number": "102", "initiator": "101"}
    command(bench, read_json, "transfer", **wish)
    bench.pbx.play(8)
    consult = bench.events()[-1]["call_id"]
    assert command(bench, read_json, "call/hangup", call_id=consult) == 1000
    assert told(bench)[-2:] == [
        (3, 3, "Disconnected", "101", "102", 1181),
        (2, 4, "Connected", CLIENT, "101", None),
    ]
    bench.pbx.play()
    assert told(bench)[-1] == (2, 5, "Disconnected", CLIENT, "101", 1110)


def test_a_callback_can_be_transferred_by_its_caller(bench, read_json):
    bench.call(CLIENT)
    bench.pbx.play(10)
    leg = bench.events()[-1]["call_id"]
    wish = {"call_id": leg, "method": "blind", "to_number": "102", "initiator": "101"}
    assert command(bench, read_json, "transfer", **wish) == 1000
    bench.pbx.play()
    assert (2, 4, "Disconnected", "101", CLIENT, 1110) in told(bench)
    assert told(bench)[-1] == (3, 4, "Disconnected", CLIENT, "102", 1110)
    assert [event["command_id"] for event in bench.events()][-1] == "t1"


def test_hold_and_back(bench, read_json, talk):
    assert command(bench, read_json, "call/hold/on", call_id=talk, initiator="101") == 1000
    bench.pbx.play(30)
    assert told(bench)[-1][2] == "OnHold"
    assert command(bench, read_json, "call/hold/on", call_id=talk, initiator="101") == 4100
    assert command(bench, read_json, "transfer_cancel", call_id=talk) == 1000
    assert told(bench)[-1] == (2, 4, "Connected", CLIENT, "101", None)
    bench.pbx.play()
    (summary,) = bench.events("events/summary")
    assert summary["end_time"] - summary["talk_time"] > 30  # holds count as talk


def test_held_and_consulted_are_joined_by_command(bench, read_json, talk):
    wish = {"call_id": talk, "method": "hold", "to_number": "102", "initiator": "101"}
    command(bench, read_json, "transfer", **wish)
    bench.pbx.play(6)
    pair = {
        "holded_call_id": talk,
        "transferred_call_id": bench.events()[-1]["call_id"],
        "transfer_initiator_number": ANNA,
    }
    assert command(bench, read_json, "calls_connect", **pair) == 1000
    assert told(bench)[-1] == (3, 3, "Connected", CLIENT, "102", None)
    assert command(bench, read_json, "calls_connect", **pair) == 4101


def test_a_call_in_the_menu_is_routed(bench, read_json):
    bench.pbx.incoming_call(CLIENT, to="101")
    menu = bench.events()[0]["call_id"]
    assert command(bench, read_json, "route", call_id=menu, to_number="102") == 1000
    bench.pbx.play()
    assert [(one[0], one[2], one[4], one[5]) for one in told(bench)] == [
        (1, "Appeared", "74951234567", None),
        (1, "Disconnected", "74951234567", 1100),
        (2, "Appeared", "102", None),
        (2, "Connected", "102", None),
        (2, "Disconnected", "102", 1110),
    ]
    first, second = bench.events()[1:3]
    assert "command_id" not in first
    assert second["command_id"] == "t1"
    assert second["from"]["taken_from_call_id"] == menu
    (summary,) = bench.events("events/summary")
    assert summary["create_time"] <= summary["forward_time"] <= summary["talk_time"]


def test_a_ringing_call_is_intercepted_from_all_telephones(bench, read_json):
    bench.pbx.incoming_call(CLIENT, to="301")
    bench.pbx.play(5)
    ringing = bench.events()[-1]["call_id"]
    assert command(bench, read_json, "route", call_id=ringing, to_number="302") == 1000
    bench.pbx.play()
    reasons = [one[5] for one in told(bench) if one[5]]
    assert reasons.count(1182) == 2
    support = [event for event in bench.events() if event["to"].get("acd_group") == "302"]
    assert {event["to"]["extension"] for event in support} == {"104", "105"}
    assert bench.pbx.engine.live_calls() == []


def test_commands_refuse_calls_in_another_state(bench, read_json, talk):
    assert command(bench, read_json, "route", call_id=talk, to_number="102") == 4100
    assert command(bench, read_json, "transfer_cancel", call_id=talk) == 4100
    gone = {"call_id": "gone", "initiator": "101"}
    assert command(bench, read_json, "call/hold/on", **gone) == 4101
    bench.clock.advance(2)
    wish = {"method": "blind", "to_number": "102"}
    assert command(bench, read_json, "transfer", **gone, **wish) == 4101
    bench.clock.advance(2)
    wish |= {"call_id": talk, "initiator": CLIENT}  # only employees may transfer
    assert command(bench, read_json, "transfer", **wish) == 3330


def test_the_first_leg_of_a_callback_is_no_talk(bench, read_json):
    bench.call(CLIENT)
    bench.pbx.play(2.7)
    leg = bench.events()[-1]
    assert leg["call_state"] == "Connected"
    wish = {"call_id": leg["call_id"], "initiator": "101"}
    assert command(bench, read_json, "call/hold/on", **wish) == 4100


def test_a_recording_on_command(bench, read_json, talk):
    wish = {"call_id": talk, "call_party_number": "101"}
    assert command(bench, read_json, "recording/start", **wish) == 1000
    assert command(bench, read_json, "recording/start", **wish) == 4102
    bench.pbx.play()
    started, completed = bench.events("events/recording")
    assert started["command_id"] == "t1"
    assert completed["recording_id"] == started["recording_id"]
    assert bench.report(fields="records") == ["[]", f"[{started['recording_id']}]"]


@pytest.mark.parametrize(
    ("to", "text", "code", "reason"),
    [
        (CLIENT, "Здравствуйте!", 1000, "1000"),
        ("79161234504", "Hello", 1000, "4391"),
        (CLIENT, "Я" * 269, 3100, None),
        (CLIENT, "z" * 613, 3100, None),
        (CLIENT, "", 3103, None),
        ("102", "Hello", 3100, None),
    ],
)
def test_text_messages(bench, read_json, to, text, code, reason):
    wish = {"from_extension": "101", "to_number": to, "text": text}
    assert command(bench, read_json, "sms", **wish) == code
    bench.pbx.play()
    assert [event["reason"] for event in bench.events("events/sms")] == ([reason] if reason else [])
