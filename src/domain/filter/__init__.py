"""Filters (RFC 7644 section 3.4.2.2) and the value filters in PATCH paths: parsing, printing, matching, indexing.

>>> from domain.resources.user_schema import USER
>>> matches = compile_filter(parse('userName eq "bjensen" and active eq true', USER))
>>> matches({"userName": "BJensen", "active": True})
True
"""

from __future__ import annotations

from domain.filter.cost import Cost, cost_of_filter
from domain.filter.literals import STRICT, Leniency
from domain.filter.lookups import Lookup, PrefixLookup, first_names, index_lookup, prefix_lookup, substituted
from domain.filter.matcher import Predicate, compile_element, compile_filter
from domain.filter.parser import PatchPath, parse, parse_element, parse_patch_path
from domain.filter.syntax import And, Comparison, Filter, Not, Operator, Or, Present, Value, ValuePath

__all__ = [
    "STRICT",
    "And",
    "Comparison",
    "Cost",
    "Filter",
    "Leniency",
    "Lookup",
    "Not",
    "Operator",
    "Or",
    "PatchPath",
    "Predicate",
    "PrefixLookup",
    "Present",
    "Value",
    "ValuePath",
    "compile_element",
    "compile_filter",
    "cost_of_filter",
    "first_names",
    "index_lookup",
    "parse",
    "parse_element",
    "parse_patch_path",
    "prefix_lookup",
    "substituted",
]
