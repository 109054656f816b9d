"""A view that inserts one row and answers: the least a receiver can do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from .models import BareRow


@csrf_exempt
def receive_bare(request: HttpRequest) -> HttpResponse:
    """No signature, no deduplication, no call."""
    BareRow._default_manager.create(text=request.POST["json"])
    return HttpResponse()
