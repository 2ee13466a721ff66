"""All tolerances, in the order in which they are tried within each stage."""

from __future__ import annotations

from typing import Final

from domain.tolerances import (
    array_for_single_value,
    bare_sub_attribute,
    bare_value,
    bare_word,
    capitalised_op,
    cleared_value,
    core_urn_container,
    dot_after_urn,
    emptied_value,
    empty_string,
    listed_removal,
    member_case,
    missing_core_schema,
    missing_value,
    names_as_paths,
    put_without_active,
    put_without_emails,
    read_only_member,
    removed_active,
    role_as_json_text,
    scim_one_urn,
    single_operation,
    single_value_for_array,
    stale_manager_reference,
    string_boolean,
    twice_encoded_value,
    unknown_member,
    unknown_path,
    unknown_schema,
    unqualified_attribute,
)
from domain.tolerances.record import Tolerance

TOLERANCES: Final[tuple[Tolerance, ...]] = (
    member_case.TOLERANCE,
    single_operation.TOLERANCE,
    capitalised_op.TOLERANCE,
    scim_one_urn.TOLERANCE,
    dot_after_urn.TOLERANCE,
    unqualified_attribute.TOLERANCE,
    bare_sub_attribute.TOLERANCE,
    core_urn_container.TOLERANCE,
    names_as_paths.TOLERANCE,
    unknown_path.TOLERANCE,
    missing_core_schema.TOLERANCE,
    # From the outermost value inwards: what a value is before what it holds.
    empty_string.TOLERANCE,
    array_for_single_value.TOLERANCE,
    single_value_for_array.TOLERANCE,
    bare_value.TOLERANCE,
    role_as_json_text.TOLERANCE,
    string_boolean.TOLERANCE,
    unknown_schema.TOLERANCE,
    unknown_member.TOLERANCE,
    read_only_member.TOLERANCE,
    removed_active.TOLERANCE,
    stale_manager_reference.TOLERANCE,
    listed_removal.TOLERANCE,
    missing_value.TOLERANCE,
    # What is cleared is a removal, and a removal may leave an empty value behind.
    cleared_value.TOLERANCE,
    emptied_value.TOLERANCE,
    put_without_active.TOLERANCE,
    put_without_emails.TOLERANCE,
    bare_word.TOLERANCE,
    twice_encoded_value.TOLERANCE,
)
