"""Pages that ask before something is done: GET shows what would happen, POST does it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db import router, transaction
from django.db.models import Model
from django.forms import Media
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from .. import _compat
from ..models import Call, Command
from . import call_text

if TYPE_CHECKING:
    _Base = admin.ModelAdmin[Any]
else:
    _Base = object


class ConfirmPages(_Base):
    """What such pages of an admin share: who may open them, how they look, where they lead."""

    def _asking(self, view: Any) -> Any:
        """A view for this site's people, showing by GET and doing by POST."""
        return self.admin_site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(view))

    def _committing(self, view: Any) -> Any:
        """The same for a view that commits by itself: no transaction of the request around it."""
        return transaction.non_atomic_requests(using=router.db_for_write(Command))(
            self._asking(view)
        )

    def _page(
        self,
        request: HttpRequest,
        name: str,
        model_admin: Any,
        obj: Model | None,
        context: dict[str, Any],
    ) -> HttpResponse:
        """The page of ``django_mango/admin/<name>.html``; ``obj`` is missing for several rows."""
        request.current_app = self.admin_site.name
        everything = {
            **self.admin_site.each_context(request),
            "opts": model_admin.opts,
            "object": obj,
            "object_text": name_of(obj) if obj else "",
            "media": self.media + Media(css={"all": ["django_mango/pages.css"]}),
            "token": secrets.token_urlsafe(16),
            "next": self._next(request, model_admin, obj),
            "breadcrumbs_are_list": _compat.BREADCRUMBS_ARE_LIST,
            **context,
        }
        return TemplateResponse(request, f"django_mango/admin/{name}.html", everything)

    def _back(self, request: HttpRequest, model_admin: Any, obj: Model | None) -> HttpResponse:
        return HttpResponseRedirect(self._next(request, model_admin, obj))

    def _next(self, request: HttpRequest, model_admin: Any, obj: Model | None) -> str:
        """Where the user came from if it is this site, else the page of the object, or the list."""
        wanted = request.POST.get("next") or request.GET.get("next") or ""
        if url_has_allowed_host_and_scheme(
            wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        ):
            return wanted
        opts = model_admin.opts
        name = f"{self.admin_site.name}:{opts.app_label}_{opts.model_name}"
        try:
            if obj is None:
                return reverse(f"{name}_changelist")
            return reverse(f"{name}_change", args=[quote(obj.pk)])
        except NoReverseMatch:
            return reverse(f"{self.admin_site.name}:index")


def shown_object(model_admin: Any, request: HttpRequest, object_id: str) -> Any:
    """The object, as far as the admin of its own model shows it to this user."""
    obj = model_admin.get_object(request, unquote(object_id))
    if obj is None:
        raise Http404
    if not model_admin.has_view_or_change_permission(request, obj):
        raise PermissionDenied
    return obj


def name_of(obj: Model) -> str:
    """An object in the title of a page: a call by its client."""
    return call_text.client(obj) if isinstance(obj, Call) else str(obj)
