"""`rollcall account invite`, `invites` and `uninvite`: links to the set-up page for a customer's administrator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from cli.arguments import Name
from cli.invocation import Invocation, invocation_of
from cli.root import UsageError
from cli.tables import table_of
from cli.wording import plain
from domain.accounts.account import IdentityProvider, rfc3339
from domain.accounts.connector_key import account_name
from domain.accounts.setup_links import DEFAULT_PERIOD, SetupLink, links_of
from domain.limits import MAX_SETUP_LINK_PERIOD
from operations.answers.setup_links import ClosedLinks, InvitedAccount, LinkList, ListedLink

_COLOUR: Final = {"open": "", "used": "", "expired": "[dim]"}


def invite(
    context: typer.Context,
    name: Name,
    days: Annotated[
        int,
        typer.Option(
            "--days",
            min=1,
            max=MAX_SETUP_LINK_PERIOD.days,
            metavar="DAYS",
            help="How long the link works.",
        ),
    ] = DEFAULT_PERIOD.days,
    idp: Annotated[
        IdentityProvider | None,
        typer.Option("--idp", help="The customer's identity provider. By default, the page asks."),
    ] = None,
) -> None:
    """Create a link to the page on which a customer's administrator sets up provisioning.

    The page shows the steps, the Base URL and, once, the Connector Key. It then shows whether requests arrive.
    """
    invocation = invocation_of(context)
    page = _page_of(invocation)
    links = invocation.deployment.setup_links
    token, link = links.invite(name, timedelta(days=days), idp)
    address = f"{page}#{token.text}"
    is_on = invocation.deployment.accounts.show(name).enabled
    off = f"SCIM is off for {name}, so the page shows no key yet: rollcall{invocation.options} account enable {name}"
    invocation.answer(
        InvitedAccount(
            result="invited",
            account=name,
            id=link.id,
            link=address,
            expires_at=rfc3339(link.expires_at),
            idp=link.idp,
        ),
        f"Send this link only to the administrator of {name}: it shows the Connector Key once.",
        plain(address),
        f"The link works until {rfc3339(link.expires_at)}. To revoke it earlier: rollcall{invocation.options} "
        f"account uninvite {name} {link.id}",
        *([] if is_on else [off]),
    )


def invites(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            callback=lambda name: None if name is None else account_name(name),
            help="One account; default: all.",
        ),
    ] = None,
) -> None:
    """List set-up links: open, used (the key was shown) and expired. The link addresses are not stored."""
    invocation = invocation_of(context)
    deployment, now = invocation.deployment, datetime.now(UTC)
    if name is not None:
        found = [(name, link) for link in deployment.setup_links.of(name)]
    else:
        found = [
            (each.account, link)
            for each in deployment.accounts.list_all()
            if each.connector is not None
            for link in links_of(each.connector)
        ]
    table = table_of("Account", "Link", "State", "Opens until", "Identity provider", "Key shown", "Made by")
    for account, link in found:
        shown = rfc3339(link.revealed_at) if link.revealed_at else ""
        state = link.state(now)
        table.add_row(
            account,
            link.id,
            f"{_COLOUR[state]}{state}",
            rfc3339(link.expires_at),
            link.idp or "",
            shown,
            plain(link.created_by),
        )
    whom = name or "NAME"
    invocation.answer(
        LinkList([ListedLink.of(account, link, now) for account, link in found]),
        table
        if found
        else f"There are no set-up links. Create one: rollcall{invocation.options} account invite {whom}",
    )


def uninvite(
    context: typer.Context,
    name: Name,
    link_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="The id of the link, from rollcall account invites.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Revoke all links of the account.")] = False,
) -> None:
    """Revoke one set-up link of an account, or all of them. The Connector Key stays valid."""
    invocation = invocation_of(context)
    if (link_id is None) is not everything:
        raise UsageError(
            f"Give the id of the link, or --all; nothing was changed. To see the links: rollcall account invites {name}"
        )
    links = invocation.deployment.setup_links
    closed = links.revoke(name, None if link_id is None else [link_id])
    if not closed and link_id is not None:
        raise UsageError(
            f"The account {name} has no open link with that id; nothing was changed. To see its links: rollcall "
            f"account invites {name}"
        )
    invocation.answer(
        ClosedLinks(result="closed" if closed else "unchanged", account=name, closed=[link.id for link in closed]),
        _done(name, closed),
        *_advice(invocation, name, closed),
    )


def _page_of(invocation: Invocation) -> str:
    page = invocation.deployment.setup_page_url
    if page is None and invocation.local:
        raise UsageError("The local server is from an older version: stop it and start it with make run.")
    if page is None:
        raise UsageError(
            "This stack has no set-up page, so no link was created. Deploy it with SetupPage=true: make deploy "
            "PARAMETERS=SetupPage=true"
        )
    return page


def _done(name: str, closed: tuple[SetupLink, ...]) -> str:
    if not closed:
        return f"The account {name} has no open link; nothing was changed."
    return f"Revoked links of {name}: {', '.join(link.id for link in closed)}. They no longer work."


def _advice(invocation: Invocation, name: str, closed: tuple[SetupLink, ...]) -> list[str]:
    if all(link.revealed_at is None for link in closed):
        return []
    return [
        f"The Connector Key was already shown. If the wrong person may have it: rollcall{invocation.options} account "
        f"rotate-key {name} --grace 0"
    ]
