"""Patches that make moto and botocore cheaper in tests without changing an answer.

Most of a test's time on moto goes into work that has the same result each time: routes for the `requests` library,
which nothing here uses; signatures of botocore's own handlers; names of members that an attribute value does not have;
the types of keys, at each comparison of two items.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, lru_cache
from typing import Any
from unittest.mock import patch

import botocore.hooks
import botocore.session
import moto
from botocore.hooks import EventAliaser
from moto.core import models
from moto.core.serialize import ResponseSerializer
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from local.moto_transactions import MOTO_SERIES

_SCALARS = frozenset({"S", "N", "BOOL", "NULL"})


@contextmanager
def fast_moto() -> Iterator[None]:
    """Make sessions, clients, starts of moto and its DynamoDB answers cheap; another version of moto stays slow."""
    with ExitStack() as patches:
        # botocore's descriptions of the AWS services are read once, not once for every session.
        patches.enter_context(patch.object(botocore.session, "create_loader", cache(botocore.session.create_loader)))
        # A session registers two hundred handlers, always the same functions.
        patches.enter_context(
            patch.object(botocore.hooks, "accepts_kwargs", lru_cache(1024)(botocore.hooks.accepts_kwargs))
        )
        patches.enter_context(patch.object(EventAliaser, "_alias_event_name", _shared_alias()))
        if moto.__version__.startswith(MOTO_SERIES):
            patches.enter_context(patch.object(models, "RESPONSES_METHODS", []))
            patches.enter_context(patch.object(ResponseSerializer, "_serialize_type_structure", _with_short_cut()))
            patches.enter_context(patch.object(DynamoType, "cast_value", property(_cast_value())))
            patches.enter_context(patch.object(DynamoType, "__eq__", _equal()))
            patches.enter_context(patch.object(Table, "all_items", _all_items()))
        yield


def _shared_alias() -> Any:
    """Return botocore's method with one cache for all sessions; the alias depends on the name alone."""
    alias = EventAliaser._alias_event_name  # type: ignore[attr-defined]  # private in botocore
    shared = cache(lambda event_name: alias(EventAliaser(None), event_name))  # type: ignore[arg-type]  # the method uses no emitter
    return lambda _, event_name: shared(event_name)


def _with_short_cut() -> Any:
    """Return moto's method with a short cut: a scalar of DynamoDB is already in the form of the answer."""
    serialize = ResponseSerializer._serialize_type_structure

    def serialized(serializer: Any, answer: Any, value: Any, shape: Any, key: str) -> None:
        if (
            key
            and type(value) is dict
            and len(value) == 1
            and shape.name == "AttributeValue"
            and value.keys() <= _SCALARS
        ):
            serializer._default_serialize(answer, value, shape, key)
        else:
            serialize(serializer, answer, value, shape, key)

    return serialized


def _cast_value() -> Any:
    """Return moto's getter with a short cut for strings."""
    getter = DynamoType.cast_value.fget  # type: ignore[attr-defined]
    return lambda value: value.value if value.type == "S" else getter(value)


def _equal() -> Any:
    """Return moto's comparison with a short cut for strings."""
    equal = DynamoType.__eq__

    def compared(value: DynamoType, other: DynamoType) -> bool:
        if value.type == "S" == other.type:
            return bool(value.value == other.value)
        return equal(value, other)

    return compared


def _all_items() -> Any:
    """Return moto's list of a table's items in order, which it sorts by Python strings where all keys are strings."""
    all_items = Table.all_items

    def sorted_items(table: Table) -> list[Item]:
        if not table.range_key_attr or {
            key["AttributeType"]
            for key in table.attr
            if key["AttributeName"] in (table.hash_key_attr, table.range_key_attr)
        } != {"S"}:
            return all_items(table)
        items = [item for of_a_hash in table.items.values() for item in of_a_hash.values()]
        return sorted(items, key=lambda item: (item.hash_key.value, item.range_key.value))

    return sorted_items
