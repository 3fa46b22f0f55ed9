"""Django admin has one way in: the portal's, with its limits, for operators."""

from django.urls import reverse

from gateway.models import User
from tests import factories


def test_guessing_an_operators_password_ends(client, db, valkey_url):
    User.objects.create_superuser("operator@example.com", "a long password")
    assert client.get("/admin/login/?next=/admin/")["Location"] == "/sign-in?next=%2Fadmin%2F"
    for _ in range(5):
        client.post("/sign-in", {"login": "operator@example.com", "password": "wrong"})
    client.post("/sign-in", {"login": "operator@example.com", "password": "a long password"})
    assert client.get("/admin/").status_code == 302


def test_who_is_no_operator_does_not_come_in(client, db):
    client.force_login(factories.UserFactory())
    assert client.get(reverse("admin:index"), follow=True).status_code == 403
