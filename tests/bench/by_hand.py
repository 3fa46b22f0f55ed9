"""The mapping of `tests.bench.mapping` as an engineer would write it in Python, for these events alone."""

from typing import Any

Document = dict[str, Any]


def mapped_by_hand(kind: str, this: Document) -> Document:
    """What the mapping makes of a parsed event."""
    repository = this.get("repository") or {}
    sender = this.get("sender") or {}
    subject = this.get("issue") or this.get("pull_request") or {}
    action = this.get("action") or "none"
    commits = this.get("commits") or []
    name = repository.get("full_name") or "none"
    return {
        "type": f"{kind}.{action}",
        "repository": {
            "name": name,
            "owner": (repository.get("owner") or {}).get("login") or "none",
            "private": repository.get("private") or False,
            "stars": repository.get("stargazers_count") or 0,
        },
        "sender": {
            "login": (sender.get("login") or "nobody").lower(),
            "is_bot": sender.get("type") == "Bot",
        },
        "organization": (this.get("organization") or {}).get("login") or "none",
        "title": (subject.get("title") or "").strip(),
        "number": subject.get("number") or 0,
        "labels": sorted(label["name"] for label in subject.get("labels") or []),
        "state": _state(action),
        "commits": [{"id": one["id"][:7], "author": one["author"]["name"]} for one in commits],
        "files": sum(len(one["added"]) + len(one["modified"]) for one in commits),
        "size": "large" if len(commits) > 10 else "small",
        "topic": f"github.{name.replace('/', '.')}",
    }


def _state(action: str) -> str:
    if action in ("opened", "created"):
        return "new"
    return "done" if action.startswith("clos") else "changed"
