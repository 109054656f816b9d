"""Links beside numbers: form fields, read-only fields, inlines and list columns."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from unittest import mock

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from django_mango.admin import CallControl
from django_mango.admin.call_links import CallLinks
from django_mango.models import Account, Call
from example_project.crm.models import Contact

from .conftest import make_employee, make_user, page_of


def links(page: str) -> list[str]:
    return re.findall(r'<a class="mango-call[^"]*" href="([^"]+)"', page)


def reasons(page: str) -> list[str]:
    """Why the buttons that are off are off."""
    off = re.findall(r'<button [^>]*aria-disabled="true" title="([^"]+)"[^>]*>', page)
    return [unescape(text) for text in off]


def change_page(contact: Contact) -> str:
    return reverse("admin:crm_contact_change", args=[contact.pk])


@pytest.fixture
def viewer(db: None) -> Client:
    user = make_user("viewer", "crm.view_contact", "django_mango.place_call")
    make_employee(Account.objects.create(alias="default"), "Viewer", "109", user)
    return page_of(user)


class TestForms:
    def test_each_number_has_a_link_beside_its_widget(self, anna: User, contact: Contact) -> None:
        page = page_of(anna).get(change_page(contact)).text
        found = links(page)
        assert len(found) == 2
        assert "field=phone" in found[0]
        assert "field=mobile" in found[1]
        assert all(f"crm/contact/{contact.pk}/" in link for link in found)
        assert "7916" not in "".join(found)  # the page reads the number itself
        assert 'title="+7 916 123-45-67, your phone 101 rings first"' in page
        assert re.search(r'<input type="text" name="mobile"[^>]*>\s*<button type="button"', page)
        assert page.count("data-mango-click=") == 2
        assert page.count("<form") == page.count("</form>")

    def test_the_link_opens_its_page(self, anna: User, contact: Contact) -> None:
        client = page_of(anna)
        link = links(client.get(change_page(contact)).text)[1].replace("&amp;", "&")
        page = client.get(link)
        assert page.status_code == 200
        assert page.context["next"] == change_page(contact)

    def test_fields_without_a_number_have_none(self, anna: User, contact: Contact) -> None:
        Contact.objects.update(phone="нет", mobile="")
        page = page_of(anna).get(change_page(contact)).text
        assert links(page) == []

    def test_the_add_page_has_none(self, db: None) -> None:
        page = page_of(make_user("boss", superuser=True)).get(reverse("admin:crm_contact_add"))
        assert links(page.text) == []

    def test_the_form_still_saves(self, anna: User, contact: Contact) -> None:
        form = {"name": "New", "phone": "84950000000", "mobile": "", "position": "", "email": ""}
        assert page_of(anna).post(change_page(contact), form).status_code == 302
        contact.refresh_from_db()
        assert (contact.name, contact.phone) == ("New", "84950000000")

    def test_a_wrong_form_is_shown_with_the_stored_numbers_links(
        self, anna: User, contact: Contact
    ) -> None:
        page = page_of(anna).post(change_page(contact), {"name": "", "mobile": "typed"})
        assert page.status_code == 200
        assert len(links(page.text)) == 2
        assert 'value="typed"' in page.text

    def test_without_the_right_the_button_is_off_and_says_so(self, contact: Contact) -> None:
        page = page_of(make_user("x", "crm.view_contact", "crm.change_contact"))
        assert reasons(page.get(change_page(contact)).text) == [
            "+7 495 777-88-99: You may not place calls.",
            "+7 916 123-45-67: You may not place calls.",
        ]

    def test_without_an_extension_the_button_is_off_and_says_why(self, contact: Contact) -> None:
        user = make_user("x", "crm.view_contact", "crm.change_contact", "django_mango.place_call")
        page = page_of(user).get(change_page(contact)).text
        assert links(page) == []
        assert len(reasons(page)) == 2
        assert "You have no extension in the PBX" in reasons(page)[0]


class TestReadOnly:
    def test_view_only_users_have_the_links_too(self, viewer: Client, contact: Contact) -> None:
        page = viewer.get(change_page(contact)).text
        assert len(links(page)) == 2
        assert "8 (916) 123-45-67" in page
        assert "Mobile phone" in page
        assert 'name="mobile"' not in page

    def test_empty_values_look_as_before(self, viewer: Client, contact: Contact) -> None:
        Contact.objects.update(mobile="")
        page = viewer.get(change_page(contact)).text
        assert len(links(page)) == 1
        assert "None" not in page.split('id="content-main"')[1]

    def test_hostile_values_are_only_text(self, viewer: Client, contact: Contact) -> None:
        Contact.objects.update(phone='<script>alert(1)</script>, 8 916 123-45-67"')
        for page in (change_page(contact), reverse("admin:crm_contact_changelist")):
            text = viewer.get(page).text
            assert "<script>alert(1)" not in text
            assert "&lt;script&gt;alert(1)" in text


class TestInlines:
    def test_inline_forms_use_the_fields_of_their_models_admin(
        self, anna: User, contact: Contact
    ) -> None:
        page = page_of(anna).get(reverse("admin:crm_company_change", args=[contact.company_id]))
        found = links(page.text)
        assert len([link for link in found if f"crm/contact/{contact.pk}/" in link]) == 2
        assert len([link for link in found if f"crm/company/{contact.company_id}/" in link]) == 1

    def test_read_only_inlines_as_well(self, contact: Contact) -> None:
        user = make_user("x", "crm.view_contact", "crm.view_company", "django_mango.place_call")
        make_employee(Account.objects.create(alias="default"), "X", "109", user)
        page = page_of(user).get(reverse("admin:crm_company_change", args=[contact.company_id]))
        assert len(links(page.text)) == 3


class TestLists:
    LIST = "/admin/crm/contact/"

    def test_columns_keep_their_title_order_and_class(self, anna: User, contact: Contact) -> None:
        page = page_of(anna).get(self.LIST, {"o": "3"}).text
        assert len(links(page)) == 2
        assert 'class="field-mobile"' in page
        assert re.search(r'class="[^"]*column-mobile sorted ascending', page)
        assert "Mobile phone" in page

    def test_the_order_by_a_phone_column_works(self, anna: User, contact: Contact) -> None:
        Contact.objects.create(name="A", phone="1", mobile="1")
        client = page_of(anna)
        names = [
            [row.name for row in client.get(self.LIST, {"o": order}).context["cl"].result_list]
            for order in ("3", "-3")
        ]
        assert names[0] == names[1][::-1]

    def test_links_come_back_to_the_same_list(self, anna: User, contact: Contact) -> None:
        link = links(page_of(anna).get(self.LIST, {"q": "Orlov"}).text)[0]
        assert "next=%2Fadmin%2Fcrm%2Fcontact%2F%3Fq%3DOrlov" in link

    def test_many_rows_cost_no_more_queries(
        self, anna: User, contact: Contact, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(20):
            Contact.objects.create(name=str(number), mobile=f"891612345{number:02}")
        client = page_of(anna)
        with django_assert_max_num_queries(14):
            assert len(links(client.get(self.LIST).text)) == 22


class PlainAdmin(CallControl, admin.ModelAdmin):
    """A host's admin whose list shows no number."""

    mango_phone_fields = ("mobile",)
    list_display = ("name",)


def _request(rf: Any, user: User) -> Any:
    request = rf.get("/admin/crm/contact/")
    request.user = user
    return request


def test_a_list_without_numbers_gets_one_call_column(anna: User, contact: Contact, rf: Any) -> None:
    changelist = PlainAdmin(Contact, admin.site).get_changelist_instance(_request(rf, anna))
    column = changelist.list_display[-1]
    assert column.short_description == "call"
    assert len(links(column(contact))) == 1
    assert column(Contact(pk=99, name="x")) is None
    assert column(Contact(pk=99, name="x", mobile=contact.mobile)) is None  # not stored yet


def test_hosts_action_signatures_of_old_and_new_work(anna: User, rf: Any) -> None:
    class Old(admin.ModelAdmin):
        def get_actions(self, request: Any) -> Any:
            return super().get_actions(request)

    class Attached(CallControl, Old):
        mango_phone_fields = ("mobile",)

    request = _request(rf, anna)
    attached = Attached(Contact, admin.site)
    assert "mango_call" in attached.get_actions(request)
    in_list = mock.Mock()
    in_list.name = "CHANGE_LIST"
    assert "mango_call" in attached.get_actions(request, action_location=in_list)
    in_form = mock.Mock()
    in_form.name = "CHANGE_FORM"
    assert attached.get_actions(request, action_location=in_form) == {}


def test_a_host_that_switched_actions_off_keeps_them_off(anna: User, rf: Any) -> None:
    class NoActions(PlainAdmin):
        actions = None

    assert NoActions(Contact, admin.site).get_actions(_request(rf, anna)) == {}


def test_a_mistake_of_ours_leaves_the_hosts_page(
    anna: User, contact: Contact, caplog: pytest.LogCaptureFixture
) -> None:
    client = page_of(anna)
    with mock.patch.object(CallLinks, "beside", side_effect=RuntimeError("ours")):
        page = client.get(change_page(contact))
    assert page.status_code == 200
    assert 'value="8 (916) 123-45-67"' in page.text
    assert "the call control is missing on this page" in caplog.text


def test_a_site_without_our_pages_shows_no_links(anna: User, contact: Contact, rf: Any) -> None:
    other = admin.AdminSite(name="elsewhere")
    assert CallLinks(_request(rf, anna), other).beside(contact, "mobile", contact.mobile) == ""


@pytest.mark.urls("tests.admin.two_sites")
class TestSecondSite:
    """Only a site named ``sales`` is mounted; ``admin`` does not exist."""

    def test_everything_stays_on_its_site(self, anna: User, contact: Contact) -> None:
        client = page_of(anna)
        page = client.get(reverse("sales:crm_contact_change", args=[contact.pk])).text
        link = links(page)[1].replace("&amp;", "&")
        assert link.startswith("/sales/django_mango/call/place/")
        confirm = client.get(link)
        assert confirm.status_code == 200
        assert 'href="/admin/' not in confirm.text
        assert confirm.context["next"].startswith("/sales/crm/contact/")

    def test_our_pages_open_there(self, account: Any, maria: User) -> None:
        client = page_of(maria)
        call = Call.objects.create(account=account, entry_id="e", client_number="+79161234567")
        for model in ("call", "command", "notification", "statsimport", "employee"):
            assert client.get(f"/sales/django_mango/{model}/").status_code == 200
        page = client.get(f"/sales/django_mango/call/{call.pk}/change/")
        assert page.status_code == 200
        assert 'href="/admin/' not in page.text
        assert f"/sales/django_mango/call/{call.pk}/hang-up/" in page.text


def test_registering_twice_is_harmless() -> None:
    from django_mango.admin.registration import ADMINS, register, register_all

    site = admin.AdminSite(name="twice")
    register(site)
    before = dict(site._registry)
    register(site)
    assert dict(site._registry) == before
    assert set(before) == set(ADMINS)
    register_all()


def test_models_the_host_registered_stay_his() -> None:
    from django_mango.admin.registration import register

    class Own(admin.ModelAdmin):
        pass

    site = admin.AdminSite(name="own")
    site.register(Call, Own)
    register(site)
    assert type(site.get_model_admin(Call)) is Own


def test_sites_of_the_settings_are_found(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    from django_mango.admin.registration import sites

    from .two_sites import sales

    settings.MANGO = {
        **settings.MANGO,
        "ADMIN_SITES": ["django.contrib.admin.site", "tests.admin.two_sites.sales", "no.where"],
    }
    found = list(sites())
    assert [site.name for site in found] == ["admin", sales.name]
    assert "no.where" in caplog.text
    settings.MANGO = {**settings.MANGO, "ADMIN_SITES": "django.contrib.admin.site"}
    assert list(sites()) == []
