"""Plays JumpCloud, Microsoft Entra ID and Okta against a SCIM endpoint, and checks what it keeps."""

from operations.simulation.outcome import Difference, Exchange, Outcome, Progress, Step
from operations.simulation.running import PROFILES, SCENARIOS, Refused, simulate
from operations.simulation.wire import MAX_USERS

__all__ = [
    "MAX_USERS",
    "PROFILES",
    "SCENARIOS",
    "Difference",
    "Exchange",
    "Outcome",
    "Progress",
    "Refused",
    "Step",
    "simulate",
]
