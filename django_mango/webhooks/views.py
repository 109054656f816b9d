"""placeholder until the receiving view lands"""
from django.http import HttpRequest, HttpResponse


def receive(request: HttpRequest, path: str) -> HttpResponse:
    raise RuntimeError("the receiving view has not landed yet")
