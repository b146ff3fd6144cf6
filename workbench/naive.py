"""What not to do: the server that old articles teach. It runs beside ours, for comparison.

It believes its client. The workbench hands it every request of the phone, with what such articles'
clients add: nickName, avatar and the person's id. Alipay is never asked and no signature checked:
nothing here could tell a true value from a false one.
"""

from typing import Any

from flask import Blueprint, request

Member = dict[str, Any]
IDS = ("open_id", "user_id")

members: list[Member] = []  # its table
naive = Blueprint("naive", __name__)


@naive.route("/api/auth", methods=["GET", "POST"])
@naive.route("/api/member", methods=["GET", "POST"])
def log_in() -> dict[str, Any]:
    """Sign in the person whose id the client sends, and store the profile that it sends along."""
    sent = what_the_client_says()
    ids = {name: sent[name] for name in IDS if sent.get(name)}
    if not ids:
        return {"signed_in_as": None}

    # Find the person by the id that the client sends. It may be anybody's.
    member = find(ids)
    if member is None:
        member = {"nick_name": None, "avatar": None}
        members.append(member)
    member.update(ids)

    # Store the nickname and the avatar that the client sends. They may be anything.
    for column, name in (("nick_name", "nickName"), ("avatar", "avatar")):
        if name in sent:
            member[column] = sent[name]
    return {"signed_in_as": member}


@naive.delete("/api/member")
def forget() -> dict[str, Any]:
    """Delete the person whose id the client sends."""
    member = find(what_the_client_says())
    if member:
        members.remove(member)
    return {"signed_in_as": None}


@naive.delete("/api/session")
def log_out() -> dict[str, Any]:
    """Do nothing: it keeps no sessions, since the client says each time who it is."""
    return {"signed_in_as": None}


def what_the_client_says() -> Member:
    """A request's values, from its address or its JSON body."""
    body = request.get_json(silent=True)
    return request.args.to_dict() | (body if isinstance(body, dict) else {})


def find(ids: Member) -> Member | None:
    """The member with one of these ids."""
    for member in members:
        if any(ids.get(name) and member.get(name) == ids[name] for name in IDS):
            return member
    return None
