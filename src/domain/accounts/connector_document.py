"""A connector as the text of its account's secret: written by this service, perhaps edited by hand.

Releases change the same secret, an operator's older `rollcall` too. So each keeps what it does not know
(docs/decisions/020-items-only-gain.md).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, get_args

from domain.accounts.account import (
    Connector,
    CurrentKey,
    IdentityProvider,
    LastChange,
    Mode,
    PreviousKey,
    Settings,
    rfc3339,
)
from domain.accounts.connector_key import ConnectorKey
from domain.accounts.deprovisioning import DEFAULT_LIMIT, OFF, Limit, limit_as_text
from domain.accounts.rate import DEFAULT_RATE, Rate
from domain.limits import MAX_GRACE


class InvalidConnector(ValueError):
    """The text of an account's secret is not a connector; the message names the member at fault and no value."""


def connector_to_json(connector: Connector) -> str:
    """Return the text that the account's secret holds, with the members that only another release knows.

    What describes a key, or the last change, goes with it: of another key it might be wrong.
    """
    value: dict[str, Any] = {
        "account": connector.account,
        "enabled": connector.enabled,
        "current": {
            "key": connector.current.key.text,
            "createdAt": rfc3339(connector.current.created_at),
            "createdBy": connector.current.created_by,
        },
        "settings": {
            "mode": connector.settings.mode,
            "matchExistingByEmail": connector.settings.match_existing_by_email,
            "deprovisioningLimit": limit_as_text(connector.settings.deprovisioning_limit),
            "adoptedKeepPrivileges": connector.settings.adopted_keep_privileges,
            "takeBackDeactivated": connector.settings.take_back_deactivated,
            "requestsPerSecond": connector.settings.rate.per_second,
            "groups": connector.settings.groups,
            "idp": connector.settings.idp,
            "extensions": _ALL if connector.settings.extensions is None else list(connector.settings.extensions),
        },
        "lastChange": {
            "what": connector.last_change.action,
            "at": rfc3339(connector.last_change.at),
            "by": connector.last_change.by,
        },
        "sealingKey": connector.sealing_key.hex(),
    }
    if connector.previous is not None:
        value["previous"] = {
            "key": connector.previous.key.text,
            "expiresAt": rfc3339(connector.previous.expires_at),
        }
    if connector.setup_links:
        value["setupLinks"] = [dict(link) for link in connector.setup_links]
    return json.dumps(_with_unknown(value, connector.stored), indent=2)


_OPTIONAL: Final = frozenset({"previous", "setupLinks"})
"""Members of the secret that are not there if there is no previous key, and no link."""
_SAME: Final = {"settings": (), "current": ("key",), "previous": ("key",), "lastChange": ("what", "at", "by")}
"""The objects in the secret, and the members by which one describes the same thing as before."""


def _with_unknown(value: dict[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    whole = value | {name: member for name, member in stored.items() if name not in value and name not in _OPTIONAL}
    for name, same in _SAME.items():
        before, now = stored.get(name), value.get(name)
        if isinstance(before, dict) and isinstance(now, dict) and all(before.get(each) == now[each] for each in same):
            whole[name] = now | {each: member for each, member in before.items() if each not in now}
    settings = stored.get("settings", {})
    if value["settings"]["idp"] is None and _idp(settings.get("idp")) is None and "idp" in settings:
        whole["settings"]["idp"] = settings["idp"]
    return whole


def connector_from_json(text: str, account: str) -> Connector:
    """Return the connector that the secret of `account` holds; raises `InvalidConnector`.

    Members that decide about access (keys, their account, `enabled`, expiry) must be there. Those that only inform
    people or have a default (settings, who and when) may be missing, so that a hand-written secret works.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidConnector("it is not JSON") from error
    root = _object(value, "the secret")
    if root.get("account") != account:
        raise InvalidConnector('"account" does not name the account of the secret')
    if not isinstance(root.get("enabled"), bool):
        raise InvalidConnector('"enabled" is neither true nor false')
    current = _object(root.get("current"), '"current"')
    key = _key(current, "current", account)
    created_at = _time(current.get("createdAt", _UNKNOWN_TIME), "current.createdAt")
    changed = _object(root.get("lastChange", {}), '"lastChange"')
    return Connector(
        account=account,
        enabled=root["enabled"],
        current=CurrentKey(
            key,
            created_at,
            _text(current, "createdBy"),
        ),
        last_change=LastChange(
            _text(changed, "what"),
            _time(changed.get("at", _UNKNOWN_TIME), "lastChange.at"),
            _text(changed, "by"),
        ),
        sealing_key=_sealing_key(root, key),
        previous=_previous(root, account, created_at),
        settings=_settings(_object(root.get("settings", {}), '"settings"')),
        setup_links=_setup_links(root.get("setupLinks")),
        stored=root,
    )


# A hand-written secret that does not say when its key was made: the key counts as old, and has no key before it.
_UNKNOWN_TIME: Final = "1970-01-01T00:00:00Z"


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidConnector(f"{name} is not a JSON object")
    return value


def _text(container: dict[str, Any], name: str) -> str:
    value = container.get(name, "unknown")
    # JSON can hold unpaired surrogates, which must not be shown.
    return value.encode(errors="replace").decode() if isinstance(value, str) else "unknown"


def _key(container: dict[str, Any], name: str, account: str) -> ConnectorKey:
    text = container.get("key")
    key = ConnectorKey.parse(text) if isinstance(text, str) else None
    if key is None or key.account != account:
        raise InvalidConnector(f'"{name}.key" is not a Connector Key of this account')
    return key


def _time(value: object, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise InvalidConnector(f'"{name}" is not a time, for example 2030-01-31T12:00:00Z')


def _previous(root: dict[str, Any], account: str, rotated_at: datetime) -> PreviousKey | None:
    """Return the previous key, which expires after `MAX_GRACE` even if the secret was edited to keep it for longer."""
    value = root.get("previous")
    if value is None:
        return None
    previous = _object(value, '"previous"')
    expires_at = _time(previous.get("expiresAt"), "previous.expiresAt")
    if expires_at - rotated_at > MAX_GRACE:
        expires_at = rotated_at + MAX_GRACE
    return PreviousKey(_key(previous, "previous", account), expires_at)


def _settings(value: dict[str, Any]) -> Settings:
    mode = value.get("mode", "tolerant")
    match = value.get("matchExistingByEmail", False)
    keep = value.get("adoptedKeepPrivileges", False)
    take_back = value.get("takeBackDeactivated", True)
    groups = value.get("groups", False)
    written = value.get("deprovisioningLimit", str(DEFAULT_LIMIT))
    if mode not in get_args(Mode):
        raise InvalidConnector('"settings.mode" is neither "tolerant" nor "strict"')
    if not isinstance(match, bool):
        raise InvalidConnector('"settings.matchExistingByEmail" is neither true nor false')
    if not isinstance(keep, bool):
        raise InvalidConnector('"settings.adoptedKeepPrivileges" is neither true nor false')
    if not isinstance(take_back, bool):
        raise InvalidConnector('"settings.takeBackDeactivated" is neither true nor false')
    if not isinstance(groups, bool):
        raise InvalidConnector('"settings.groups" is neither true nor false')
    limit = Limit.parse(written) if isinstance(written, str) else None
    if limit is None and written != OFF:
        raise InvalidConnector(
            '"settings.deprovisioningLimit" is neither "off" nor a limit, for example "20" or "20,10%"'
        )
    rate = _rate(value.get("requestsPerSecond", DEFAULT_RATE.per_second))
    idp, extensions = _idp(value.get("idp")), _extensions(value.get("extensions", _ALL))
    return Settings(mode, match, limit, keep, take_back, rate, groups, idp, extensions)


def _idp(written: object) -> IdentityProvider | None:
    """It only informs people, so a provider that a later release has added is none here."""
    return next((known for known in get_args(IdentityProvider) if known == written), None)


_ALL: Final = "all"


def _extensions(written: object) -> tuple[str, ...] | None:
    """The URNs as they are: one that the deployment does not declare, perhaps not yet, names nothing."""
    if written == _ALL:
        return None
    if isinstance(written, list) and all(isinstance(urn, str) for urn in written):
        return tuple(written)
    raise InvalidConnector('"settings.extensions" is neither "all" nor a list of URNs')


def _setup_links(value: object) -> tuple[dict[str, Any], ...]:
    """What may be links; anything else opens nothing, and does not make the Connector Key unusable."""
    return tuple(link for link in value if isinstance(link, dict)) if isinstance(value, list) else ()


def _rate(written: Any) -> Rate:
    try:
        if isinstance(written, int) and not isinstance(written, bool):
            return Rate(written)
    except ValueError as error:
        raise InvalidConnector(f'"settings.requestsPerSecond" is {error}') from error
    raise InvalidConnector('"settings.requestsPerSecond" is not a whole number')


def _sealing_key(root: dict[str, Any], current: ConnectorKey) -> bytes:
    text = root.get("sealingKey")
    if text is None:
        return hashlib.sha256(b"sealing" + current.text.encode()).digest()
    try:
        sealing_key = bytes.fromhex(text)
    except (TypeError, ValueError) as error:
        raise InvalidConnector('"sealingKey" is not hexadecimal text') from error
    if len(sealing_key) < 16:
        raise InvalidConnector('"sealingKey" is shorter than 16 bytes')
    return sealing_key
