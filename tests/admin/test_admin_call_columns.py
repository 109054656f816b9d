"""Buttons in lists and forms of any shape: methods, paths, callables, declared fields, links."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils.html import format_html

from django_mango.admin.attaching import attached_class
from django_mango.ui.clicks import Click
from example_project.crm.models import Company, Contact, Deal

from .conftest import make_user


def mobile_of(obj: Any) -> str:
    """A host's callable that finds a number somewhere else."""
    return str(obj.contact.mobile) if obj.contact else ""


def page_of(host: type[admin.ModelAdmin], model: Any, user: User, obj: Any = None) -> str:
    """The list or the form of ``host`` for ``user``, as its site shows it."""
    request = RequestFactory().get("/admin/somewhere/?q=1")
    request.user = User.objects.get(pk=user.pk)  # rights are asked for anew
    model_admin = attached_class(host)(model, admin.site)
    view = (
        model_admin.change_view(request, str(obj.pk))
        if obj
        else model_admin.changelist_view(request)
    )
    return str(view.render().text)


def called(page: str, user: User) -> list[tuple[str, str, str]]:
    """Number, model and key of each button, in their order."""
    sealed = re.findall(r'data-mango-click="([^"]+)"', page)
    clicks = [Click.unseal(one, user) for one in sealed]
    assert all(click and click.in_admin for click in clicks)
    return [(click.number, click.label, click.pk) for click in clicks if click]


@pytest.fixture
def boss(account: Any) -> User:
    from .conftest import make_employee

    user = make_user("boss", superuser=True)
    make_employee(account, "Boss", "100", user)
    return user


@pytest.fixture
def deal(contact: Contact) -> Deal:
    assert contact.company is not None
    return Deal.objects.create(title="D", company=contact.company, contact=contact, amount=1)


def fields(settings: Any, **models: list[Any]) -> None:
    declared = {f"crm.{name}": entries for name, entries in models.items()}
    settings.MANGO = {**settings.MANGO, "PHONE_FIELDS": declared}


class TestLists:
    def test_a_list_without_numbers_gets_one_column_for_all(
        self, boss: User, contact: Contact
    ) -> None:
        class Host(admin.ModelAdmin):
            list_display = ("name",)

        page = page_of(Host, Contact, boss)
        assert page.count('class="column-mango_call_column"') == 1
        key = ("crm.contact", str(contact.pk))
        assert called(page, boss) == [("+74957778899", *key), ("+79161234567", *key)]

    @pytest.mark.parametrize(
        "more",
        [{"list_display_links": ("mobile",)}, {"list_display": ("mobile",)}],
    )
    def test_a_number_that_is_a_link_cannot_hold_a_button(
        self, boss: User, contact: Contact, settings: Any, more: dict[str, Any]
    ) -> None:
        fields(settings, Contact=["mobile"])
        host = type("Host", (admin.ModelAdmin,), {"list_display": ("name", "mobile"), **more})
        page = page_of(host, Contact, boss)
        cell = re.search(r'<t[dh] class="field-mobile">.*?</t[dh]>', page)
        assert cell
        assert "button" not in cell[0]
        assert len(called(page, boss)) == 1

    def test_a_number_that_is_edited_keeps_its_field(
        self, boss: User, contact: Contact, settings: Any
    ) -> None:
        fields(settings, Contact=["mobile"])

        class Host(admin.ModelAdmin):
            list_display = ("name", "mobile")
            list_editable = ("mobile",)

        page = page_of(Host, Contact, boss)
        assert 'name="form-0-mobile"' in page
        assert len(called(page, boss)) == 1

    def test_a_method_that_sorts_by_a_number_shows_that_number(
        self, boss: User, contact: Contact, settings: Any
    ) -> None:
        fields(settings, Contact=["mobile"])

        class Host(admin.ModelAdmin):
            list_display = ("name", "nice")

            @admin.display(description="Nice", ordering="-mobile")
            def nice(self, obj: Contact) -> str:
                return format_html("<b>{}</b>", obj.mobile)

        page = page_of(Host, Contact, boss)
        assert "<b>8 (916) 123-45-67</b></span><button" in page
        assert re.search(r'<th scope="col" class="[^"]*sortable column-nice', page)
        assert ">Nice<" in page
        assert len(called(page, boss)) == 1

    @pytest.mark.parametrize("drawn_by", ["boolean", "header", "label"])
    def test_a_column_a_theme_draws_stays_and_the_buttons_have_their_own(
        self, boss: User, contact: Contact, settings: Any, drawn_by: str
    ) -> None:
        fields(settings, Contact=["mobile"])

        def drawn(obj: Contact) -> Any:
            return True

        setattr(drawn, drawn_by, True)
        drawn.admin_order_field = "mobile"
        host = type("Host", (admin.ModelAdmin,), {"list_display": ("name", drawn)})
        page = page_of(host, Contact, boss)
        assert "column-mango_call_column" in page
        assert len(called(page, boss)) == 1

    def test_a_method_of_the_admin_by_the_mixins_own_names(
        self, boss: User, contact: Contact
    ) -> None:
        class Host(admin.ModelAdmin):
            mango_phone_fields = ("anything",)
            list_display = ("name", "anything")

            @admin.display(empty_value="nothing")
            def anything(self, obj: Contact) -> str:
                return obj.mobile

        page = page_of(Host, Contact, boss)
        assert [one[0] for one in called(page, boss)] == ["+79161234567"]
        Contact.objects.update(mobile="")
        assert ">nothing<" in page_of(Host, Contact, boss)

    def test_an_empty_list_of_names_means_no_numbers(self, boss: User, contact: Contact) -> None:
        class Host(admin.ModelAdmin):
            mango_phone_fields = ()
            list_display = ("name", "mobile")

        assert "<button" not in page_of(Host, Contact, boss).split('id="result_list"')[1]

    def test_a_path_through_a_relation_as_a_column(
        self, boss: User, deal: Deal, settings: Any
    ) -> None:
        fields(settings, Deal=["contact__mobile"])

        class Host(admin.ModelAdmin):
            list_display = ("title", "contact__mobile")

        page = page_of(Host, Deal, boss)
        assert called(page, boss) == [("+79161234567", "crm.deal", str(deal.pk))]
        assert re.search(r'<td class="field-contact__mobile">', page)
        assert "column-mango_call_column" not in page
        Deal.objects.update(contact=None)
        assert called(page_of(Host, Deal, boss), boss) == []

    @pytest.mark.parametrize("entry", [mobile_of, f"{__name__}.mobile_of"])
    def test_a_callable_as_a_column(
        self, boss: User, deal: Deal, settings: Any, entry: Any
    ) -> None:
        fields(settings, Deal=[entry])

        class Host(admin.ModelAdmin):
            list_display = ("title", mobile_of)

        page = page_of(Host, Deal, boss)
        assert called(page, boss) == [("+79161234567", "crm.deal", str(deal.pk))]
        assert "8 (916) 123-45-67" in page

    @pytest.mark.parametrize("listed", [("title",), ("title", "contact__mobile")])
    def test_a_hundred_rows_cost_no_more_queries_than_two(
        self, boss: User, deal: Deal, settings: Any, listed: tuple[str, ...]
    ) -> None:
        fields(settings, Deal=["contact__mobile", "company__contacts__phone"])
        host = type("Host", (admin.ModelAdmin,), {"list_display": listed})

        def cost(rows: int) -> int:
            for number in range(Deal.objects.count(), rows):
                person = Contact.objects.create(name=str(number), mobile=f"+7916123{number:04}")
                firm = Company.objects.create(name=str(number))
                Deal.objects.create(title="D", company=firm, contact=person, amount=1)
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert len(called(page_of(host, Deal, boss), boss)) >= rows
            return len(queries)

        assert cost(2) == cost(100)


def broken(obj: Any) -> str:
    raise RuntimeError("the host's own")


@pytest.mark.parametrize("in_list", [True, False])
def test_a_callable_that_fails_leaves_the_hosts_page(
    boss: User,
    deal: Deal,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
    in_list: bool,
) -> None:
    fields(settings, Deal=[broken, "contact__mobile"])
    host = type("Host", (admin.ModelAdmin,), {"list_display": ("title",)})
    page = page_of(host, Deal, boss, None if in_list else deal)
    assert len(called(page, boss)) == 1
    assert "the call control is missing" in caplog.text


class TestForms:
    def test_a_form_that_shows_no_number_gets_a_row(
        self, boss: User, deal: Deal, settings: Any
    ) -> None:
        fields(settings, Deal=["contact__mobile"])
        page = page_of(admin.ModelAdmin, Deal, boss, deal)
        assert called(page, boss) == [("+79161234567", "crm.deal", str(deal.pk))]
        assert page.count("field-mango_call_column") == 1
        Deal.objects.update(contact=None)
        assert "mango_call_column" not in page_of(admin.ModelAdmin, Deal, boss, deal)

    def test_declared_fields_with_any_widget(self, boss: User, contact: Contact) -> None:
        class Form(forms.ModelForm):
            phone = forms.CharField(widget=forms.Textarea)
            mobile = forms.CharField(widget=forms.MultiWidget([forms.TextInput, forms.TextInput]))

            class Meta:
                model = Contact
                fields = ("name", "phone", "mobile")

        Form.base_fields["mobile"].widget.decompress = lambda value: [value, ""]  # type: ignore[method-assign]
        host = type("Host", (admin.ModelAdmin,), {"form": Form})
        page = page_of(host, Contact, boss, contact)
        assert [one[0] for one in called(page, boss)] == ["+74957778899", "+79161234567"]
        assert re.search(r"</textarea>\s*<button", page)

    def test_hidden_fields_stay_hidden(self, boss: User, contact: Contact) -> None:
        class Form(forms.ModelForm):
            mobile = forms.CharField(widget=forms.HiddenInput)

        host = type("Host", (admin.ModelAdmin,), {"form": Form, "fields": ("name", "mobile")})
        page = page_of(host, Contact, boss, contact)
        assert '<input type="hidden" name="mobile"' in page
        assert called(page, boss) == []

    def test_several_numbers_of_one_field_are_several_buttons(
        self, boss: User, contact: Contact, settings: Any
    ) -> None:
        fields(settings, Contact=["phone"])
        contact.phone = "8 (916) 123-45-67 или +7 495 777-88-99 доб. 12"
        contact.save()
        page = page_of(admin.ModelAdmin, Contact, boss, contact)
        assert [one[0] for one in called(page, boss)] == ["+79161234567", "+74957778899"]

    def test_read_only_methods_and_callables(
        self, boss: User, contact: Contact, settings: Any
    ) -> None:
        fields(settings, Contact=["phone", "mobile"])

        class Host(admin.ModelAdmin):
            fields = ("name", ("nice", "phone"))
            readonly_fields = ("nice", "phone")

            @admin.display(description="Nice", ordering="mobile")
            def nice(self, obj: Contact) -> str:
                return f"mobile {obj.mobile}"

        page = page_of(Host, Contact, boss, contact)
        assert [one[0] for one in called(page, boss)] == ["+79161234567", "+74957778899"]
        assert "Nice" in page
        assert "mobile 8 (916) 123-45-67" in page

    def test_lines_of_a_read_only_text_stay_lines(
        self, boss: User, contact: Contact, settings: Any
    ) -> None:
        fields(settings, Contact=["phone"])
        Contact.objects.update(phone="8 916 123-45-67\n8 495 777-88-99 <b>")
        host = type("Host", (admin.ModelAdmin,), {"readonly_fields": ("phone",)})
        page = page_of(host, Contact, boss, contact)
        assert "8 916 123-45-67<br>8 495 777-88-99 &lt;b&gt;" in page
        assert len(called(page, boss)) == 2

    @pytest.mark.parametrize("kind", [admin.TabularInline, admin.StackedInline])
    def test_inlines_of_a_model_without_numbers_of_its_own(
        self, boss: User, deal: Deal, contact: Contact, settings: Any, kind: Any
    ) -> None:
        fields(settings, Contact=["mobile"], Deal=["contact__mobile"])
        contacts = type("Contacts", (kind,), {"model": Contact, "extra": 1})
        deals = type("Deals", (kind,), {"model": Deal, "readonly_fields": ("title",), "extra": 0})
        host = type("Host", (admin.ModelAdmin,), {"inlines": [contacts, deals]})
        page = page_of(host, Company, boss, contact.company)
        assert called(page, boss) == [("+79161234567", "crm.contact", str(contact.pk))]
        assert ("mango-call--small" in page) is (kind is admin.TabularInline)

    def test_an_inline_may_name_its_own_fields(
        self, boss: User, contact: Contact, settings: Any
    ) -> None:
        fields(settings, Contact=["mobile"])
        own = {"model": Contact, "mango_phone_fields": ("phone",), "extra": 0}
        host = type(
            "Host", (admin.ModelAdmin,), {"inlines": [type("Own", (admin.TabularInline,), own)]}
        )
        page = page_of(host, Company, boss, contact.company)
        assert [one[0] for one in called(page, boss)] == ["+74957778899"]
