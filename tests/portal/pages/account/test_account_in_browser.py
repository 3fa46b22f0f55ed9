"""A person from sign-up over the mail to the first page, then through their organization; each page inspected."""

import pytest

from gateway.models import Invitation
from tests import factories
from tests.portal.pages.browsing import WALKED, inspect, inspect_shown, open_page
from tests.portal.pages.conftest import LONG_NAME

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PASSWORD = "correct horse battery"
ADDRESS = f"{LONG_NAME}@example.com"


@pytest.fixture
def portal(live_server, settings, tmp_path, valkey_url):
    """The portal's address, whose mails are kept."""
    settings.MAIL_FOLDER = str(tmp_path)
    settings.EMAIL_BACKEND = "portal.mail.folder.FolderBackend"
    settings.PORTAL_URL = live_server.url
    return live_server.url


@pytest.mark.parametrize("width", WALKED)
def test_somebody_signs_up_confirms_invites_and_makes_a_key(browser, portal, width):
    page = open_page(browser, width, "dark" if width == "phone" else "light")
    sign_up(page, portal, f"account-{width}")
    page.wait_for_url("**/apps")
    page.get_by_text("is confirmed").wait_for()
    invite(page, portal, f"organization-{width}")
    make_key(page, portal, f"key-{width}")
    for address in ("/audit", "/profile", "/profile/password", "/organization/name"):
        inspect(page, portal + address, f"organization-{width}{address.replace('/', '-')}")
    expected = "Failed to load resource: the server responded with a status of 422 (Unprocessable Entity)"
    assert [error for error in page.errors if error != expected] == []


def sign_up(page, portal, name):
    page.goto(f"{portal}/sign-in")
    inspect_shown(page, f"{name}-sign-in")
    page.get_by_role("link", name="Make an account").click()
    inspect_shown(page, f"{name}-sign-up")
    page.get_by_role("button", name="Make the account").click()
    page.locator("#errors:focus").wait_for()
    inspect_shown(page, f"{name}-sign-up-empty")
    for label, text in (("Your name", LONG_NAME), ("Email", ADDRESS), ("Organization", LONG_NAME)):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    page.get_by_role("heading", name="Look into your mail").wait_for()
    inspect_shown(page, f"{name}-sent")
    page.get_by_role("link", name="Read the mails of this machine").click()
    inspect_shown(page, f"{name}-mail")
    page.get_by_role("link", name="/confirm-address/").click()
    inspect_shown(page, f"{name}-confirm")
    page.get_by_role("button", name="Yes, confirm it").click()


def invite(page, portal, name):
    page.goto(f"{portal}/organization")
    inspect_shown(page, f"{name}-empty")
    page.get_by_role("link", name="Invite somebody").first.click()
    page.get_by_label("Email", exact=True).fill("grace@example.com")
    page.get_by_text("Developer: apps").click()
    inspect_shown(page, f"{name}-invite")
    page.get_by_role("button", name="Send the invitation").click()
    page.get_by_text("is on its way").wait_for()
    organization = Invitation.objects.get().organization
    factories.MembershipFactory(organization=organization, user__name=LONG_NAME, role="viewer")
    inspect(page, f"{portal}/organization", f"{name}-filled")
    page.get_by_role("link", name=LONG_NAME).last.click()
    inspect_shown(page, f"{name}-member")
    page.get_by_role("link", name="Remove").click()
    page.get_by_text("to confirm").wait_for()
    inspect_shown(page, f"{name}-removal")


def make_key(page, portal, name):
    page.goto(f"{portal}/management-keys")
    inspect_shown(page, f"{name}-empty")
    page.get_by_role("link", name="Make a key").first.click()
    page.get_by_label("Name", exact=True).fill(LONG_NAME)
    inspect_shown(page, f"{name}-new")
    page.get_by_role("button", name="Make the key").click()
    page.get_by_text("The new key of").wait_for()
    inspect_shown(page, f"{name}-once")


def test_pages_that_lead_nowhere_say_what_to_do(browser, portal):
    page = open_page(browser, "phone")
    factories.InvitationFactory(token="open", organization__name=LONG_NAME, email=ADDRESS)
    factories.InvitationFactory(token="used", accepted_at="2026-11-24T00:00Z", organization__name=LONG_NAME)
    for name, address in (
        ("invitation", "/invitations/open"),
        ("invited", "/sign-up?invitation=open"),
        ("invitation-used", "/invitations/used"),
        ("confirm-wrong", "/confirm-address/guessed"),
        ("reset", "/password/reset"),
        ("reset-sent", "/password/reset/sent"),
        ("reset-wrong", "/password/reset/1/guessed"),
        ("disabled", "/account-disabled"),
    ):
        inspect(page, portal + address, f"{name}-phone")
