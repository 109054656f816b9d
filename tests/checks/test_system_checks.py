"""Every check id: what brings it up, what does not, and that it is registered and documented."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.contrib.admin import AdminSite
from django.core.checks import run_checks
from django.test import override_settings
from django.urls import clear_url_caches, include, path

from django_mango import checks, conf
from django_mango.models import Account, Call

GOOD: dict[str, Any] = {"API_KEY": "the-key", "API_SALT": "the-salt"}
OFFICE = {"office": {**GOOD, "NAME": "Office", "API_URL": "https://pbx.example/vpbx/"}}
OTHER = {"API_KEY": "other-key", "API_SALT": "other-salt"}
ROOM = Path(checks.__file__).resolve().parent
ROOT = ROOM.parent.parent

other_site = AdminSite(name="sales")


def ids(mango: object, **settings: Any) -> list[str]:
    with override_settings(MANGO=mango, **settings):
        found = checks.check_settings()
    text = " ".join(f"{one.msg} {one.hint}" for one in found)
    assert not re.search(r"the-(key|salt)|other-(key|salt)|old-(key|salt)", text), "a secret shows"
    return [str(one.id).removeprefix("django_mango.") for one in found]


@pytest.mark.parametrize(
    "mango",
    [
        GOOD,
        {"ACCOUNTS": OFFICE},
        {"ACCOUNTS": {"a": GOOD, "b-2_c": OTHER}},
        {"ACCOUNTS": lambda: {"never": "called"}},
        {**GOOD, "PREVIOUS": [{"API_KEY": "old-key", "API_SALT": "old-salt"}]},
        {**GOOD, "API_URL": "http://127.0.0.1:8765/vpbx/"},
        {**GOOD, "API_URL": "http://[::1]:8765/vpbx/"},
        {**GOOD, "API_URL": "http://localhost/vpbx/"},
        {**GOOD, "TIMEOUT": (1, 2.5)},
        {**GOOD, "TIMEOUT": 7},
        {**GOOD, "ADMIN_SITES": [f"{__name__}.other_site"]},
        {**GOOD, "ADMIN_SITES": []},
        {**GOOD, "ALLOWED_DESTINATIONS": ["*"]},
        {**GOOD, "ALLOWED_DESTINATIONS": ["RU", "kz"], "DEFAULT_REGION": "KZ"},
        {**GOOD, "PHONE_FIELDS": {"crm.Contact": ["phone", "company__phone", len]}},
        {**GOOD, "PHONE_FIELDS": {"crm.company": ("phone", "contacts__mobile", "__str__")}},
        {**GOOD, "PHONE_FIELDS": {"crm.Deal": ["contact__company__phone", "operator.length_hint"]}},
        {**GOOD, "CALL_GUARD_SECONDS": 0, "WEBHOOK_MAX_BYTES": 1},
        {
            **GOOD,
            **{name: known.default for name, known in conf.KNOWN.items() if name[:4] != "API_"},
        },
    ],
)
def test_good_settings_are_silent(mango: dict[str, Any]) -> None:
    assert ids(mango) == []


@pytest.mark.parametrize(
    ("expected", "mango"),
    [
        ("E001", "text"),
        ("E001", None),
        ("E002", {**GOOD, "ADMIN_SITES": "django.contrib.admin.site"}),
        ("E002", {**GOOD, "DEFAULT_REGION": 7}),
        ("E002", {**GOOD, "CALL_GUARD_SECONDS": "10"}),
        ("E002", {**GOOD, "CALL_GUARD_SECONDS": -1}),
        ("E002", {**GOOD, "CALL_GUARD_SECONDS": True}),
        ("E002", {**GOOD, "WEBHOOK_MAX_BYTES": 0}),
        ("E002", {**GOOD, "WEBHOOK_MAX_BYTES": 1.5}),
        ("E002", {**GOOD, "ALLOWED_DESTINATIONS": "RU"}),
        ("E003", {"API_KEY": "the-key"}),
        ("E003", {"API_SALT": "the-salt"}),
        ("E003", {"API_KEY": "the-key", "API_SALT": 5}),
        ("E003", {"ACCOUNTS": {"office": {"API_KEY": "the-key", "API_SALT": ""}}}),
        ("E003", {**GOOD, "PREVIOUS": [{"API_KEY": "old-key"}]}),
        ("E003", {**GOOD, "PREVIOUS": "old-key"}),
        ("E004", {"ACCOUNTS": {"events": GOOD}}),
        ("E004", {"ACCOUNTS": {"ping": GOOD}}),
        ("E004", {"ACCOUNTS": {"two words": GOOD}}),
        ("E004", {"ACCOUNTS": {"a/b": GOOD}}),
        ("E004", {"ACCOUNTS": {"": GOOD}}),
        ("E004", {"ACCOUNTS": {"x" * 51: GOOD}}),
        ("E004", {"ACCOUNTS": {7: GOOD}}),
        ("E005", {**GOOD, "TIMEOUT": 0}),
        ("E005", {**GOOD, "TIMEOUT": (5, -1)}),
        ("E005", {**GOOD, "TIMEOUT": None}),
        ("E005", {**GOOD, "TIMEOUT": (5,)}),
        ("E006", {**GOOD, "ADMIN_SITES": ["no.such.module"]}),
        ("E006", {**GOOD, "ADMIN_SITES": ["django.contrib.admin.nothing"]}),
        ("E006", {**GOOD, "ADMIN_SITES": ["pathlib.Path"]}),
        ("E006", {**GOOD, "ADMIN_SITES": [other_site]}),
        ("E002", {**GOOD, "PHONE_FIELDS": ["crm.Contact"]}),
        ("E011", {**GOOD, "PHONE_FIELDS": {"crm.Nobody": ["phone"]}}),
        ("E011", {**GOOD, "PHONE_FIELDS": {"Contact": ["phone"]}}),
        ("E011", {**GOOD, "PHONE_FIELDS": {7: ["phone"]}}),
        ("E011", {**GOOD, "PHONE_FIELDS": {"crm.Contact": "phone"}}),
        ("E011", {**GOOD, "PHONE_FIELDS": {"crm.Contact": ["telephone"]}}),
        ("E011", {**GOOD, "PHONE_FIELDS": {"crm.Contact": [""]}}),
        ("E011", {**GOOD, "PHONE_FIELDS": {"crm.Contact": [None]}}),
        ("E011", {**GOOD, "PHONE_FIELDS": {"crm.Contact": ["company"]}}),
        ("E011", {**GOOD, "PHONE_FIELDS": {"crm.Contact": ["company__fax"]}}),
        ("E011", {**GOOD, "PHONE_FIELDS": {"crm.Contact": ["phone__mobile"]}}),
        ("E011", {**GOOD, "PHONE_FIELDS": {"crm.Contact": ["no.such.function"]}}),
        ("E011", {**GOOD, "PHONE_FIELDS": {"crm.Contact": ["django_mango.protocol"]}}),
        ("E007", {"ACCOUNTS": ["office"]}),
        ("E007", {"ACCOUNTS": {"office": "the-key"}}),
        ("E009", {**GOOD, "API_URL": "app.mango-office.ru/vpbx/"}),
        ("E009", {**GOOD, "API_URL": "ftp://app.mango-office.ru/"}),
        ("E009", {**GOOD, "API_URL": 5}),
        ("E009", {"ACCOUNTS": {"office": {**GOOD, "API_URL": "https://"}}}),
        ("E010", {**GOOD, "TEAM_OF": "nowhere.at.all"}),
        ("E010", {**GOOD, "TEAM_OF": 7}),
        ("E010", {**GOOD, "EXTENSION_OF": "django_mango.nothing"}),
        ("E002", {**GOOD, "CALLS_PER_HOUR": "many"}),
        ("E002", {**GOOD, "CALLS_PER_DAY": -1}),
        ("E002", {**GOOD, "TASKS": None}),
        ("E012", {**GOOD, "TASKS": "rabbit"}),
        ("E012", {**GOOD, "TASKS": "nowhere.at.all"}),
        ("E012", {**GOOD, "TASKS": "django_mango.conf.KNOWN"}),
        ("W001", {**GOOD, "API_SALTS": "x"}),
        ("W009", {**GOOD, "ATTACH_EXCLUDE": ["crm.Nobody"]}),
        ("W009", {**GOOD, "ATTACH_EXCLUDE": ["crm.Contact", "Contact"]}),
        ("W001", {"ACCOUNTS": {"office": {**GOOD, "SALT": "x"}}}),
        ("W002", {}),
        ("W002", {"API_KEY": "", "API_SALT": ""}),
        ("W003", {**GOOD, "API_URL": "http://pbx.example/vpbx/"}),
        ("W003", {"ACCOUNTS": {"office": {**GOOD, "API_URL": "http://10.0.0.1/vpbx/"}}}),
        ("W005", {**GOOD, "DEFAULT_REGION": "UK"}),
        ("W005", {**GOOD, "ALLOWED_DESTINATIONS": ["RU", "Russia"]}),
        ("W005", {**GOOD, "DENIED_DESTINATIONS": ["+7809", "+78x"]}),
        ("W006", {"ACCOUNTS": {"a": GOOD, "b": {**OTHER, "API_KEY": "the-key"}}}),
    ],
)
def test_each_mistake_brings_up_its_check_and_no_other(expected: str, mango: object) -> None:
    assert ids(mango) == [expected]


def test_naive_times_are_refused() -> None:
    assert ids(GOOD, USE_TZ=False) == ["E008"]


def test_a_misspelt_key_is_answered_with_the_right_one() -> None:
    with override_settings(MANGO={**GOOD, "api_urls": "x", "ZZZ": 1}):
        close, far = checks.check_settings()

    assert close.hint == "Did you mean 'API_URL'?"
    assert far.hint is None


def test_a_callable_is_not_called_by_checks() -> None:
    def accounts() -> dict[str, Any]:
        raise AssertionError("it may ask a database that does not exist yet")

    assert ids({"ACCOUNTS": accounts}) == []


def test_the_mount_of_notifications_is_found_at_any_depth() -> None:
    for urlconf in ("tests.urls", "tests.webhooks.urls_prefixed", "tests.checks.urls_nested"):
        with override_settings(ROOT_URLCONF=urlconf):
            assert checks.check_urls() == []


def test_a_missing_mount_is_a_warning() -> None:
    with override_settings(ROOT_URLCONF="tests.checks.urls_without_mango"):
        (found,) = checks.check_urls()
    assert found.id == "django_mango.W004"
    assert "include('django_mango.urls')" in str(found.hint)


@pytest.mark.parametrize(("prefix", "expected"), [(True, ["django_mango.W007"]), (False, [])])
def test_a_mount_behind_a_language_is_a_warning(prefix: bool, expected: list[str]) -> None:
    urlconf = ModuleType("translated")
    urlconf.urlpatterns = i18n_patterns(  # type: ignore[attr-defined] # a URLconf has them
        path("mango/", include("django_mango.urls")), prefix_default_language=prefix
    )
    with override_settings(ROOT_URLCONF=urlconf):
        assert [one.id for one in checks.check_urls()] == expected
        urlconf.urlpatterns.append(path("mango/", include("django_mango.urls")))
        clear_url_caches()
        assert checks.check_urls() == [], "one mount without a language is enough"


@pytest.mark.django_db
def test_django_runs_the_checks() -> None:
    with override_settings(MANGO={}, ROOT_URLCONF="tests.checks.urls_without_mango"):
        found = {one.id for one in run_checks(tags=[checks.TAG])}
    assert {"django_mango.W002", "django_mango.W004"} <= found


@pytest.mark.django_db
def test_overdue_statistics_are_told_only_where_the_database_is_asked() -> None:
    account = Account.objects.create(alias="default")
    Call.objects.create(account=account, entry_id="1", started_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert checks.check_statistics() == []
    (found,) = checks.check_statistics(databases=["default"])
    assert found.id == "django_mango.W008"
    assert checks.check_statistics(databases=["other"]) == []


def test_every_id_has_a_paragraph_and_no_paragraph_lacks_its_id() -> None:
    source = "".join(one.read_text(encoding="utf-8") for one in ROOM.glob("*.py"))
    manual = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    used = set(re.findall(r"django_mango\.([EW]\d{3})", source))
    assert used == set(re.findall(r"^### ([EW]\d{3}) ", manual, re.M))
    tested = Path(__file__).read_text(encoding="utf-8")
    assert not [one for one in used if one not in tested]
