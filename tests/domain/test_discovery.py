"""Discovery describes the service as it is, generated from the attribute tree."""

from __future__ import annotations

from typing import Any

import pytest
from scim2_models import ResourceType, Schema, ServiceProviderConfig

from domain.errors import NotFound
from domain.resources import discovery
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN, USER

BASE = "https://scim.example.com/scim/v2"


def test_the_schemas_are_valid_to_an_independent_implementation() -> None:
    for schema in discovery.schemas((USER,), BASE):
        assert Schema.model_validate(schema).id in (CORE_URN, ENTERPRISE_URN)


def test_resource_type_and_configuration_are_valid_to_an_independent_implementation() -> None:
    (user,) = discovery.resource_types((USER,), BASE)
    assert ResourceType.model_validate(user).endpoint is not None
    assert ServiceProviderConfig.model_validate(discovery.service_provider_config(BASE)).patch is not None


def names(attributes: list[dict[str, Any]]) -> dict[str, Any]:
    return {a["name"]: names(a.get("subAttributes", [])) for a in attributes}


@pytest.mark.parametrize("urn", [CORE_URN, ENTERPRISE_URN])
def test_every_attribute_of_the_rfc_is_declared(urn: str) -> None:
    from scim2_models import EnterpriseUser, User

    reference = {CORE_URN: User, ENTERPRISE_URN: EnterpriseUser}[urn].to_schema().model_dump(by_alias=True)  # type: ignore[attr-defined]  # mypy joins the two models to their metaclass

    declared = names(discovery.schema((USER,), urn, BASE)["attributes"])

    # Of the common attributes (RFC 7643 section 3.1) a type's own schema lists the one that clients write.
    assert declared.pop("externalId", None) == ({} if urn == CORE_URN else None)
    assert declared == names(reference["attributes"])


def test_there_are_no_nulls_anywhere() -> None:
    everything = [
        *discovery.schemas((USER,), BASE),
        *discovery.resource_types((USER,), BASE),
        discovery.service_provider_config(BASE),
    ]

    assert "None" not in repr(everything)


def test_a_schema_is_found_by_its_urn_in_any_case() -> None:
    assert discovery.schema((USER,), ENTERPRISE_URN.upper(), BASE)["id"] == ENTERPRISE_URN
    with pytest.raises(NotFound):
        discovery.schema((USER,), "urn:example:none", BASE)
