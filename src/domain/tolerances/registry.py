"""All tolerances, in the order in which they are tried, and those that concern a resource type, by stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeVar

from domain.documents import Json
from domain.patch import Operation, Target
from domain.resources.attributes import Attribute, ResourceType
from domain.tolerances.quirks import (
    array_for_single_value,
    attribute_names,
    bare_sub_attribute,
    bare_value,
    bare_word,
    capitalised_op,
    cleared_value,
    core_urn_container,
    dot_after_urn,
    emptied_entry,
    emptied_value,
    empty_string,
    filtered_single_value,
    foreign_quotes,
    listed_removal,
    member_case,
    member_without_user,
    missing_core_schema,
    missing_message_schema,
    missing_value,
    names_as_paths,
    no_operations,
    parameter_case,
    put_without_active,
    put_without_emails,
    put_without_members,
    read_only_member,
    removed_active,
    repeated_parameter,
    repeated_value,
    replaced_entry,
    role_as_json_text,
    scim_one_urn,
    second_primary,
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
from domain.tolerances.record import Operations, Tolerance

TOLERANCES: Final[tuple[Tolerance, ...]] = (
    parameter_case.TOLERANCE,
    repeated_parameter.TOLERANCE,
    attribute_names.TOLERANCE,
    member_case.TOLERANCE,
    missing_message_schema.TOLERANCE,
    no_operations.TOLERANCE,
    single_operation.TOLERANCE,
    capitalised_op.TOLERANCE,
    scim_one_urn.TOLERANCE,
    dot_after_urn.TOLERANCE,
    unqualified_attribute.TOLERANCE,
    bare_sub_attribute.TOLERANCE,
    core_urn_container.TOLERANCE,
    names_as_paths.TOLERANCE,
    filtered_single_value.TOLERANCE,
    unknown_path.TOLERANCE,
    missing_core_schema.TOLERANCE,
    # From the outermost value inwards: what a value is before what it holds.
    empty_string.TOLERANCE,
    array_for_single_value.TOLERANCE,
    single_value_for_array.TOLERANCE,
    bare_value.TOLERANCE,
    role_as_json_text.TOLERANCE,
    string_boolean.TOLERANCE,
    string_boolean.OF_NUMBERS,
    unknown_schema.TOLERANCE,
    unknown_member.TOLERANCE,
    emptied_entry.TOLERANCE,
    repeated_value.TOLERANCE,
    second_primary.TOLERANCE,
    read_only_member.TOLERANCE,
    removed_active.TOLERANCE,
    stale_manager_reference.TOLERANCE,
    listed_removal.TOLERANCE,
    missing_value.TOLERANCE,
    replaced_entry.TOLERANCE,
    # What is cleared is a removal, and a removal may leave an empty value behind.
    cleared_value.TOLERANCE,
    emptied_value.TOLERANCE,
    put_without_active.TOLERANCE,
    put_without_emails.TOLERANCE,
    put_without_members.TOLERANCE,
    member_without_user.TOLERANCE,
    foreign_quotes.TOLERANCE,
    bare_word.TOLERANCE,
    twice_encoded_value.TOLERANCE,
)

_Hook = TypeVar("_Hook")
Stage = tuple[tuple[str, _Hook], ...]
"""The hooks of one stage in order, each with the name of its tolerance."""


ValueHook = Callable[[Attribute, Any], Any]
OperationHook = Callable[[Operation, Target | None, Json, ResourceType], Operations | None]


@dataclass(frozen=True, slots=True)
class Stages:
    """The tolerances that concern a resource type, by stage."""

    spelling: Stage[Callable[[str, ResourceType], str | None]]
    resource: Stage[Callable[[Json, ResourceType], Json | None]]
    replacement: Stage[Callable[[Json, Json], Json | None]]
    message: Stage[Callable[[Json], Json | None]]
    envelope: Stage[Callable[[Json, str], Json | None]]
    reading: Stage[Callable[[Operation, ResourceType], Operations | None]]
    operations: Stage[Callable[[Operations, ResourceType], Operations | None]]
    operation: Stage[OperationHook]
    patched: Stage[Callable[[Attribute, list[Any], list[Any]], list[Any]]]
    listed: Stage[Callable[[Operation], Operation | None]]
    leaves_out: Stage[Callable[[Attribute], bool]]
    lookup: Stage[Callable[[str], str | None]]
    leniency: dict[str, str]
    """The name of the tolerance for each flag of `Leniency`."""
    multi_valued: tuple[Attribute, ...]
    """The multi-valued attributes of the resource."""


@cache
def stages_of(resource_type: ResourceType) -> Stages:
    tolerances = [each for each in TOLERANCES if each.only_for is None or resource_type.name in each.only_for]

    def stage(hook_of: Callable[[Tolerance], _Hook | None]) -> Stage[_Hook]:
        return tuple((each.name, hook) for each in tolerances if (hook := hook_of(each)) is not None)

    return Stages(
        spelling=stage(lambda each: each.spelling),
        resource=stage(lambda each: each.resource),
        replacement=stage(lambda each: each.replacement),
        message=stage(lambda each: each.message),
        envelope=stage(lambda each: each.envelope),
        reading=stage(lambda each: each.reading),
        operations=stage(lambda each: each.operations),
        operation=stage(lambda each: each.operation),
        patched=stage(lambda each: each.patched),
        listed=stage(lambda each: each.listed),
        leaves_out=stage(lambda each: each.leaves_out),
        lookup=stage(lambda each: each.lookup),
        leniency={flag: name for name, flag in stage(lambda each: each.leniency)},
        multi_valued=tuple(each for each in resource_type.root.sub_attributes if each.multi_valued),
    )


@cache
def value_hooks(attribute: Attribute) -> Sequence[tuple[str, ValueHook]]:
    return _concerning(attribute, lambda each: each.value)


@cache
def settled_hooks(attribute: Attribute) -> Sequence[tuple[str, ValueHook]]:
    return _concerning(attribute, lambda each: each.settled)


def no_hooks(attribute: Attribute) -> Sequence[tuple[str, ValueHook]]:
    return ()


def _concerning(
    attribute: Attribute, hook_of: Callable[[Tolerance], ValueHook | None]
) -> Sequence[tuple[str, ValueHook]]:
    """Return the hooks of a stage of values that may have something to do for an attribute."""
    return tuple(
        (each.name, hook)
        for each in TOLERANCES
        if (hook := hook_of(each)) is not None and (each.concerns is None or each.concerns(attribute))
    )
