"""What a small sales team keeps about its customers. Phone numbers are free text, as in life."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Company(models.Model):
    name = models.CharField(_("company name"), max_length=200, unique=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    phone = models.CharField(_("switchboard"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    name = models.CharField(_("full name"), max_length=200)
    company = models.ForeignKey(
        Company,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="contacts",
        verbose_name=_("company"),
    )
    position = models.CharField(_("position"), max_length=100, blank=True)
    phone = models.CharField(_("office phone"), max_length=100, blank=True)
    mobile = models.CharField(_("mobile phone"), max_length=100, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    responsible = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("responsible"),
    )

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Deal(models.Model):
    class Stage(models.TextChoices):
        NEW = "new", _("new deal")
        OFFER = "offer", _("offer sent")
        WON = "won", _("won")
        LOST = "lost", _("lost")

    title = models.CharField(_("deal title"), max_length=200)
    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="deals", verbose_name=_("company")
    )
    contact = models.ForeignKey(
        Contact,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="deals",
        verbose_name=_("contact"),
    )
    amount = models.DecimalField(_("amount, RUB"), max_digits=12, decimal_places=2)
    stage = models.CharField(
        _("deal stage"), max_length=10, choices=Stage.choices, default=Stage.NEW
    )
    responsible = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("responsible"),
    )

    class Meta:
        verbose_name = _("deal")
        verbose_name_plural = _("deals")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.title
