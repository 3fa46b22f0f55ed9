"""What a publisher's streams are made of: definitions, connections, event types."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
