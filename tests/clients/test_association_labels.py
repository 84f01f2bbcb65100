"""Labels and limits of associations through HubSpot's own Python clients: v3, v4 and 2026-03."""

from typing import Any

import hubspot_sdk
import pytest
from hubspot.crm import associations as named  # type: ignore[import-untyped] # without types
from hubspot.crm.associations import v4  # type: ignore[import-untyped]
from hubspot.crm.associations.v4 import schema  # type: ignore[import-untyped]

from tests.clients.searches import LINKED, Scene, each_searched, make_scene
from tests.clients.subjects import Subject
from tests.conftest import PortalUnderTest

DEFAULT = {"category": "HUBSPOT_DEFINED", "type_id": 279}


@pytest.fixture
def scene(portal: PortalUnderTest, v3: Any, subject: Subject) -> Scene:
    """Six records of the subject; two of them are associated with a record of another type."""
    return make_scene(portal, v3, subject)


def specs(answer: Any) -> dict[str, int]:
    """The type ids by label of an answer about labels."""
    return {each.label: each.type_id for each in answer.results if each.label in ("Lead", "Led")}


# --- hubspot-api-client ----------------------------------------------------------------------


@each_searched
def test_v4_labels_live_from_create_to_remove(v3: Any, scene: Scene) -> None:
    api, pairs = v3.crm.associations.v4.schema.definitions_api, v3.crm.associations.v4.basic_api
    types, record = (scene.path_type, scene.other_type), scene.ids[LINKED[0]]
    path = (scene.path_type, record, scene.other_type)

    made = api.create(
        *types,
        schema.PublicAssociationDefinitionCreateRequest(
            label="Lead", name="lead", inverse_label="Led"
        ),
    )
    ids = specs(made)
    assert ids.keys() == {"Lead", "Led"}
    assert specs(api.get_all(*types)) == {"Lead": ids["Lead"]}
    assert specs(api.get_all(*reversed(types))) == {"Led": ids["Led"]}

    spec = v4.AssociationSpec(association_category="USER_DEFINED", association_type_id=ids["Lead"])
    assert pairs.create(*path, scene.target, [spec]).labels == ["Lead"]
    (linked,) = pairs.get_page(*path).results
    assert {"Lead", None} <= {each.label for each in linked.association_types}
    (back,) = [
        each
        for each in pairs.get_page(scene.other_type, scene.target, scene.path_type).results
        if str(each.to_object_id) == record
    ]
    assert "Led" in {each.label for each in back.association_types}

    with pytest.raises(schema.ApiException) as refused:
        api.remove(*types, ids["Lead"])
    assert refused.value.status == 400
    api.update(
        *types,
        schema.PublicAssociationDefinitionUpdateRequest(
            association_type_id=ids["Lead"], label="Leads"
        ),
    )
    assert "Leads" in {each.label for each in api.get_all(*types).results}
    one = v4.PublicAssociationMultiPost(
        _from=v4.PublicObjectId(record), to=v4.PublicObjectId(scene.target), types=[spec]
    )
    v3.crm.associations.v4.batch_api.archive_labels(
        *types, v4.BatchInputPublicAssociationMultiPost(inputs=[one])
    )
    api.remove(*types, ids["Lead"])
    assert "Leads" not in {each.label for each in api.get_all(*types).results}


@each_searched
def test_v3_tells_the_names_that_its_batches_take(v3: Any, scene: Scene) -> None:
    types, record = (scene.path_type, scene.other_type), scene.ids[1]
    v3.crm.associations.v4.schema.definitions_api.create(
        *types, schema.PublicAssociationDefinitionCreateRequest(label="Lead", name="lead")
    )

    told = v3.crm.associations.schema.types_api.get_all(*types).results

    assert "lead" in [each.name for each in told]
    pair = named.PublicAssociation(
        _from=named.PublicObjectId(record), to=named.PublicObjectId(scene.target), type="lead"
    )
    batch = v3.crm.associations.batch_api
    batch.create(*types, named.BatchInputPublicAssociation(inputs=[pair]))
    asked = named.BatchInputPublicObjectId(inputs=[named.PublicObjectId(record)])
    (found,) = batch.read(*types, asked).results
    assert "lead" in [each.type for each in found.to]
    assert {each.type for each in found.to} <= {each.name for each in told}


@each_searched
def test_v3_answers_the_paths_of_the_classes_that_older_releases_had(v3: Any, scene: Scene) -> None:
    # Their `associations_api` asked the paths of a single pair, with the type's name.
    name = v3.crm.associations.schema.types_api.get_all(scene.path_type, scene.other_type)
    name = name.results[-1].name
    record = scene.ids[1]
    nested = f"/crm/v3/objects/{scene.path_type}/{record}/associations/{scene.other_type}"
    one = f"{nested}/{scene.target}/{name}"

    made = v3.api_request({"method": "PUT", "path": one})
    told = v3.api_request({"method": "GET", "path": nested})

    assert (made.status_code, made.json()["id"]) == (200, record)
    assert {"id": scene.target, "type": name} in told.json()["results"]
    assert v3.api_request({"method": "DELETE", "path": one}).status_code == 204
    left = v3.api_request({"method": "GET", "path": nested}).json()["results"]
    assert {"id": scene.target, "type": name} not in left


def test_v4_limits_are_set_told_and_lifted(v3: Any) -> None:
    api = v3.crm.associations.v4.schema.definition_configurations_api
    types = ("contacts", "companies")

    created = api.batch_create(
        *types,
        schema.BatchInputPublicAssociationDefinitionConfigurationCreateRequest(
            inputs=[
                schema.PublicAssociationDefinitionConfigurationCreateRequest(
                    max_to_object_ids=5, **DEFAULT
                )
            ]
        ),
    )
    assert [each.user_enforced_max_to_object_ids for each in created.results] == [5]
    api.batch_update(
        *types,
        schema.BatchInputPublicAssociationDefinitionConfigurationUpdateRequest(
            inputs=[
                schema.PublicAssociationDefinitionConfigurationUpdateRequest(
                    max_to_object_ids=7, **DEFAULT
                )
            ]
        ),
    )

    for answer in (api.get_all(), api.get_all_between_two_object_types(*types)):
        (limit,) = answer.results
        assert (limit.type_id, limit.user_enforced_max_to_object_ids) == (279, 7)
    api.batch_remove(
        *types,
        schema.BatchInputPublicAssociationSpec(inputs=[schema.PublicAssociationSpec(**DEFAULT)]),
    )
    assert api.get_all().results == []


# --- hubspot-sdk -----------------------------------------------------------------------------


@each_searched
def test_2026_03_labels_live_from_create_to_delete(
    lenient: hubspot_sdk.HubSpot, scene: Scene
) -> None:
    # Its strict mode refuses ids that are numbers and labels that are null.
    api: Any = lenient.crm.associations_schema.labels
    pairs: Any = lenient.crm.associations
    types = {"from_object_type": scene.path_type}
    path = {"object_type": scene.path_type, "object_id": scene.ids[LINKED[0]]}

    made = api.create_label(
        scene.other_type, label="Lead", name="lead", inverse_label="Led", **types
    )
    ids = specs(made)
    told = pairs.update_labels(
        scene.target,
        to_object_type=scene.other_type,
        body=[{"association_category": "USER_DEFINED", "association_type_id": ids["Lead"]}],
        **path,
    )

    assert specs(api.list_labels(scene.other_type, **types)) == {"Lead": ids["Lead"]}
    assert told.labels == ["Lead"]
    (linked,) = list(pairs.list(scene.other_type, **path))
    assert {"Lead", None} <= {each.label for each in linked.association_types}
    api.update_label(scene.other_type, association_type_id=ids["Lead"], label="Leads", **types)
    pairs.delete(scene.target, to_object_type=scene.other_type, **path)
    api.delete_label(ids["Lead"], to_object_type=scene.other_type, from_object_type=scene.path_type)
    labels = {each.label for each in api.list_labels(scene.other_type, **types).results}
    assert not {"Lead", "Leads"} & labels


def test_2026_03_limits_are_parsed_strictly(dated: hubspot_sdk.HubSpot) -> None:
    schemas = dated.crm.associations_schema
    types: Any = {"from_object_type": "contacts"}
    # The primary type has a label, so no answer holds a null.
    spec: Any = {"category": "HUBSPOT_DEFINED", "type_id": 1}
    limit: Any = {"max_to_object_ids": 1, **spec}

    created = schemas.labels.batch_create("companies", inputs=[limit], **types)
    updated = schemas.limits.batch_update("companies", inputs=[limit], **types)

    for answer in (created, updated, schemas.limits.list()):
        (result,) = answer.results
        assert (result.type_id, result.user_enforced_max_to_object_ids) == (1, 1)
    assert schemas.limits.get_by_object_types("companies", **types).results[0].label == "Primary"
    schemas.limits.batch_delete("companies", inputs=[spec], **types)
    assert schemas.limits.list().results == []
