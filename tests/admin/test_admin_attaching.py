"""Admins nobody edited get call controls: registered before, later, anew, on any site."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core import checks
from django.forms import Media
from django.urls import reverse

from django_mango.admin import CallControl, attaching
from django_mango.admin.attaching import attach, attached_class, watch
from django_mango.admin.calls import CallAdmin
from django_mango.admin.registration import give_way, register
from django_mango.models import Call
from example_project.crm.models import Company, Contact, Deal

from .conftest import page_of


class Plain(admin.ModelAdmin):
    """A host's admin that knows nothing of telephony."""

    list_display = ("name", "phone")


def site(*models: Any, watched: bool = True) -> admin.AdminSite:
    made = admin.AdminSite(name="sales")
    for model in models:
        made.register(model, Plain if model is Contact else None)
    if watched:
        watch(made, give_way)
    return made


def is_attached(made: admin.AdminSite, model: Any) -> bool:
    return isinstance(made.get_model_admin(model), CallControl)


class TestWatching:
    def test_admins_registered_before(self) -> None:
        made = site(Contact, Deal)
        assert is_attached(made, Contact)
        assert is_attached(made, Deal)  # it may show contacts in an inline

    def test_admins_registered_later_by_class_instance_or_several_at_once(self) -> None:
        made = site()
        made.register(Contact, Plain)
        made.register(model for model in (Company, Deal))
        made.register(User)
        assert all(is_attached(made, model) for model in (Contact, Company, Deal, User))

    def test_the_decorator(self) -> None:
        made = site()

        @admin.register(Contact, site=made)
        class Decorated(admin.ModelAdmin):
            pass

        assert is_attached(made, Contact)
        assert isinstance(made.get_model_admin(Contact), Decorated)

    def test_an_admin_registered_anew(self) -> None:
        made = site(Contact)
        made.unregister(Contact)
        assert not made.is_registered(Contact)
        made.register(Contact)
        assert is_attached(made, Contact)
        assert not isinstance(made.get_model_admin(Contact), Plain)

    def test_a_registry_copied_from_another_site(self) -> None:
        made = site()
        made._registry.update(site(Contact, watched=False)._registry)
        assert made.urls
        assert is_attached(made, Contact)

    def test_watching_twice_changes_nothing(self) -> None:
        made = site(Contact)
        before = type(made.get_model_admin(Contact)), made.register
        watch(made, give_way)
        assert (type(made.get_model_admin(Contact)), made.register) == before

    def test_other_sites_and_the_class_stay_as_they_are(self) -> None:
        site(Contact)
        other = site(Contact, watched=False)
        assert type(other.get_model_admin(Contact)) is Plain
        assert Plain.__mro__[1] is admin.ModelAdmin

    def test_the_lazy_default_site_is_watched_by_the_app(self) -> None:
        for model in (Contact, Company, Deal, User):
            assert is_attached(admin.site, model)

    def test_a_host_that_comes_late_gets_his_own_admin_of_our_model(self) -> None:
        class Own(admin.ModelAdmin):
            pass

        made = site()
        register(made)
        assert type(made.get_model_admin(Call)) is CallAdmin
        made.register(Call, Own)
        assert isinstance(made.get_model_admin(Call), Own)
        with pytest.raises(admin.exceptions.AlreadyRegistered):
            made.register(Call, Own)

    def test_a_site_with_a_register_of_its_own(self) -> None:
        class Strict(admin.AdminSite):
            def register(self, model: Any, admin_class: Any = None) -> None:  # type: ignore[override]
                assert isinstance(model, type)
                super().register(model, admin_class)

        made = Strict(name="strict")
        watch(made)
        made.register(model=Contact, admin_class=Plain)
        assert is_attached(made, Contact)


class TestAttaching:
    def test_the_admin_stays_the_object_it_was(self) -> None:
        made = site(Contact, watched=False)
        before = made.get_model_admin(Contact)
        before.note = "the host's"  # type: ignore[attr-defined]
        watch(made)
        after = made.get_model_admin(Contact)
        assert after is before
        assert after.note == "the host's"  # type: ignore[attr-defined]

    def test_one_class_for_all_admins_of_a_class_with_its_name(self) -> None:
        attached = attached_class(Plain)
        assert attached is attached_class(Plain)
        assert attached is type(site(Contact).get_model_admin(Contact))
        assert (attached.__name__, attached.__module__, attached.__doc__) == (
            Plain.__name__,
            Plain.__module__,
            Plain.__doc__,
        )
        assert attached.__mro__[:3] == (attached, CallControl, Plain)

    def test_an_admin_with_the_mixin_stays_as_it_is(self) -> None:
        class Mixed(CallControl, admin.ModelAdmin):
            pass

        made = site()
        made.register(Contact, Mixed)
        assert type(made.get_model_admin(Contact)) is Mixed

    def test_switched_off_in_the_class(self) -> None:
        class Off(admin.ModelAdmin):
            mango_attach = False

        made = site()
        made.register(Contact, Off)
        assert type(made.get_model_admin(Contact)) is Off

    @pytest.mark.parametrize("label", ["crm.Contact", "crm.contact"])
    def test_switched_off_in_the_settings(self, settings: Any, label: str) -> None:
        settings.MANGO = {**settings.MANGO, "ATTACH_EXCLUDE": [label]}
        made = site(Contact, Company)
        assert type(made.get_model_admin(Contact)) is Plain
        assert is_attached(made, Company)

    def test_the_hosts_own_media_comes_once_and_ours_whatever_it_extends(self) -> None:
        class Styled(admin.ModelAdmin):
            class Media:
                extend = False
                css = {"all": ["own.css"]}

        made = site()
        made.register(Contact, Styled)
        media: Media = made.get_model_admin(Contact).media
        # Django 6.1 has made tags of them already.
        styles = [str(path) for path in media._css["all"]]
        assert sum("own.css" in path for path in styles) == 1
        assert sum("django_mango/call.css" in path for path in styles) == 1
        assert "/static/django_mango/call.js" in [script.path for script in media._js]

    def test_what_the_checks_say_of_the_host_is_unchanged(self) -> None:
        class Wrong(admin.ModelAdmin):
            list_display = ("nothing",)
            fields = ("name", "name")

        def found(made: admin.AdminSite) -> list[checks.CheckMessage]:
            made.register(Contact, Wrong)
            return made.check(None)

        ours, theirs = found(site()), found(site(watched=False))
        assert [(str(one), one.id) for one in ours] == [(str(one), one.id) for one in theirs]
        assert len(theirs) == 2

    def test_a_failure_of_ours_leaves_the_registration(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        made = site()
        with mock.patch.object(attaching, "attached_class", side_effect=TypeError("layout")):
            made.register(Contact, Plain)
        assert type(made.get_model_admin(Contact)) is Plain
        assert "no call control for" in caplog.text

    def test_a_class_that_forbids_subclasses_stays_as_it_is(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Final(admin.ModelAdmin):
            def __init_subclass__(cls) -> None:
                raise TypeError("final")

        made = site()
        made.register(Contact, Final)
        assert type(made.get_model_admin(Contact)) is Final

    def test_a_failing_media_leaves_the_hosts(self, caplog: pytest.LogCaptureFixture) -> None:
        model_admin = site(Contact).get_model_admin(Contact)
        with mock.patch("django_mango.admin.call_control.page_media", side_effect=RuntimeError):
            assert "mango" not in str(model_admin.media)
        assert "the call control is missing" in caplog.text

    def test_attaching_by_hand_is_idempotent(self) -> None:
        model_admin = Plain(Contact, admin.AdminSite())
        attach(model_admin)
        first = type(model_admin)
        attach(model_admin)
        assert type(model_admin) is first


@pytest.mark.urls("tests.admin.watched_site")
def test_a_model_without_an_admin_class_on_a_site_of_another_name(
    anna: User, contact: Contact, settings: Any
) -> None:
    from .watched_site import crm

    settings.MANGO = {**settings.MANGO, "PHONE_FIELDS": {"crm.Contact": ["phone", "mobile"]}}
    assert type(crm.get_model_admin(Contact)).__name__ == "ModelAdmin"
    client = page_of(anna)
    page = client.get(reverse("crm:crm_contact_change", args=[contact.pk])).text
    assert page.count("data-mango-click=") == 2
    assert "/crm/django_mango/call/place/crm/contact/" in page
    assert 'href="/admin/' not in page
    rows = client.get(reverse("crm:crm_contact_changelist")).text
    assert rows.count("data-mango-click=") == 2  # one column, no number is shown
