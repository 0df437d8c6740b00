"""The only page."""

from django.http import HttpRequest, JsonResponse
from django.urls import path
from orders import total


def price(request: HttpRequest, name: str) -> JsonResponse:
    return JsonResponse({name: total({name: 1})})


urlpatterns = [path("price/<name>", price)]
