"""The JSON schema of the command's answers, docs/command-answers.schema.json.

python -m operations.answers.schema        write it
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from operations.answers import (
    accounts,
    changes,
    deploying,
    groups,
    lost_access,
    records,
    setup_links,
    simulation,
    unknown_attributes,
)
from operations.json_schemas import SchemaGenerator, schema_text

ANSWERS: Final[tuple[type[BaseModel], ...]] = (
    accounts.AccountList,
    accounts.ShownAccount,
    accounts.EnabledAccount,
    accounts.DisabledAccount,
    accounts.ConfiguredAccount,
    accounts.AccountDone,
    accounts.DeletedAccount,
    accounts.ResumedAccount,
    accounts.UserLetThrough,
    setup_links.InvitedAccount,
    setup_links.LinkList,
    setup_links.ClosedLinks,
    lost_access.LostAccessLately,
    unknown_attributes.UnknownAttributes,
    records.UserList,
    records.Exported,
    records.Imported,
    records.Reconciled,
    changes.ChangedUser,
    changes.ChangedGroup,
    groups.GroupList,
    groups.ShownGroup,
    groups.GroupMembers,
    groups.ExportedGroups,
    groups.ImportedGroups,
    records.CheckedTable,
    records.Diagnosis,
    records.RedrivenLetters,
    records.RequeuedEvents,
    records.ReplayedEvents,
    simulation.Simulated,
    deploying.CheckedDeployment,
    deploying.AdoptedLeftovers,
    deploying.VerifiedDeployment,
)
_DESCRIPTION: Final = (
    "One definition for each command with --json. `rollcall users show` prints a SCIM resource, `rollcall activity` "
    "one log line per line."
)


def schema() -> str:
    """Return the JSON schema of every answer, as the definitions of one document."""
    _, document = models_json_schema(
        [(model, "serialization") for model in ANSWERS],
        title="Answers of the command rollcall",
        description=_DESCRIPTION,
        schema_generator=SchemaGenerator,
    )
    return schema_text(document)


def main() -> None:
    """Write the schema into docs of this repository."""
    path = Path(__file__).parents[3] / "docs" / "command-answers.schema.json"
    path.write_text(schema(), encoding="utf-8")


if __name__ == "__main__":
    main()
