"""Plays JumpCloud, Microsoft Entra ID and Okta against a SCIM endpoint, and checks what it keeps."""

from operations.simulation.backstage import AccountBackstage
from operations.simulation.outcome import Difference, Exchange, Outcome, Progress, Step
from operations.simulation.running import ALL, PROFILES, SCENARIOS, Backstage, InvalidSettings, Refused, simulate
from operations.simulation.wire import MAX_USERS

__all__ = [
    "ALL",
    "MAX_USERS",
    "PROFILES",
    "SCENARIOS",
    "AccountBackstage",
    "Backstage",
    "Difference",
    "Exchange",
    "InvalidSettings",
    "Outcome",
    "Progress",
    "Refused",
    "Step",
    "simulate",
]
