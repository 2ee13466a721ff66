"""The reads of one type's resources in an account: `domain.ports.ResourceStore` on the item collections of the type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic

from adapters.dynamodb import keys
from adapters.dynamodb.account_items import AccountItems, Range
from adapters.dynamodb.items import Kind, Record
from adapters.dynamodb.keys import Collection
from adapters.dynamodb.ranks import read_ranks
from adapters.dynamodb.scan import scan
from domain.limits import MAX_PAGE_CHARACTERS
from domain.ports import CursorPage, IndexEntry, IndexPage
from domain.resources.attributes import Index
from domain.resources.comparison import prefix_form, unique_form


class ResourceReads(Generic[Record]):
    """The part of a `domain.ports.ResourceStore` that reads; a store adds the writes of its type."""

    __slots__ = ()

    @property
    def items(self) -> AccountItems:
        """The items of the account."""
        raise AssertionError("abstract")

    @property
    def kind(self) -> Kind[Record]:
        """Where the table has the resources."""
        raise AssertionError("abstract")

    def get(self, resource_id: str, /) -> Record | None:
        if not keys.is_id(resource_id):
            return None
        item = self.items.get(self.kind.collection, resource_id, **self.kind.projection)
        return None if item is None else self.kind.record_of(item)

    def get_many(self, ids: Sequence[str], /) -> list[Record]:
        kind = self.kind
        wanted = list(dict.fromkeys(filter(keys.is_id, ids)))
        if len(wanted) == 1:
            record = self.get(wanted[0])
            found = {} if record is None else {record.id: record}
        else:
            entries = [(kind.collection, each) for each in wanted]
            found = {item["sk"]["S"]: kind.record_of(item) for item in self.items.batch(entries, **kind.projection)}
        return [found[each] for each in ids if each in found]

    def find(self, index: Index, value: str) -> list[Record]:
        if index.name == "id":
            record = self.get(value)
            return [] if record is None else [record]
        if index.name == "externalId":
            return self._with_external_id(value)
        unique = self.kind.unique[index.name]
        form = unique_form(value)
        owner = self.kind.owner
        item = self.items.get(unique.collection, keys.sort_key(form), ProjectionExpression=owner)
        record = None if item is None else self.get(item[owner]["S"])
        return [record] if record is not None and form in unique.values(record) else []

    def _with_external_id(self, external_id: str) -> list[Record]:
        kind = self.kind
        part = Range(prefix=keys.external_id_prefix(external_id))
        ids = [entry.resource_id for entry in self._entries(kind.external_ids, part)]
        return [record for record in self.get_many(ids) if kind.external_id(record) == external_id]

    def total(self) -> int:
        return read_ranks(self.items, self.kind.ranks).total

    def page(self, start_index: int, count: int) -> IndexPage[Record]:
        """Find the start of the page by the counters, then read one range from at most a few resources before it."""
        ranks = read_ranks(self.items, self.kind.ranks)
        first = max(0, start_index - 1)
        if count <= 0 or first >= ranks.total:
            return IndexPage(ranks.total, [])
        bucket, skipped = ranks.position(first)
        return IndexPage(ranks.total, self._records(Range(first=bucket), skipped, count))

    def page_after(self, after: str | None, count: int) -> CursorPage[Record]:
        """Read one resource more than requested, to learn whether there is a next page."""
        if count <= 0:
            return CursorPage([], after)
        records = self._records(Range(after=after), 0, count + 1)
        more = len(records) > count or sum(len(record.document) for record in records) > MAX_PAGE_CHARACTERS
        records = records[:count]
        return CursorPage(records, records[-1].id if more else None)

    def _records(self, part: Range, skipped: int, count: int) -> list[Record]:
        """Resources from a range, after the first `skipped`; ends early past the maximum size of an answer."""
        kind = self.kind
        records: list[Record] = []
        size = 0
        for page in self.items.query(kind.collection, part, limit=skipped + count, **kind.projection):
            for item in page.items[skipped:]:
                records.append(kind.record_of(item))
                size += len(records[-1].document)
                if size > MAX_PAGE_CHARACTERS:
                    return records
            skipped = max(0, skipped - len(page.items))
        return records

    def scan(self, after: str | None = None) -> Iterator[Record]:
        return scan(self.items, self.kind, after)

    def entries(
        self, index: Index, *, descending: bool = False, after: str | None = None, at_most: int | None = None
    ) -> Iterator[IndexEntry]:
        if at_most == 0:
            return iter(())
        part = Range(after=after, descending=descending)
        return self._entries(self.kind.unique[index.name].collection, part, limit=at_most)

    def entries_starting(self, index: Index, prefix: str) -> Iterator[IndexEntry]:
        """The entries whose value starts with the prefix, of which a sort key may contain only the first part."""
        form = prefix_form(prefix)
        entries = self._entries(self.kind.unique[index.name].collection, Range(prefix=keys.plain_part(form)))
        return (entry for entry in entries if entry.value.startswith(form))

    def _entries(self, collection: Collection, part: Range, *, limit: int | None = None) -> Iterator[IndexEntry]:
        owner = self.kind.owner
        for page in self.items.query(
            collection,
            part,
            limit=limit,
            ProjectionExpression=f"sk, {owner}, #value",
            ExpressionAttributeNames={"#value": "value"},
        ):
            for item in page.items:
                position = item["sk"]["S"]
                yield IndexEntry(item["value"]["S"] if "value" in item else position, item[owner]["S"], position)
