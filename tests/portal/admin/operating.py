"""What an operator does in Django admin, by requests."""

from django.urls import reverse


def address(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def act(operator, model, action, *rows, confirmed=True):
    """Do an action; say so again where it is asked."""
    body = {"action": action, "_selected_action": [row.pk for row in rows]}
    answer = operator.post(address(model, "changelist"), body, follow=True)
    if confirmed and "confirmed" in answer.content.decode():
        answer = operator.post(address(model, "changelist"), {**body, "confirmed": "yes"}, follow=True)
    return answer
