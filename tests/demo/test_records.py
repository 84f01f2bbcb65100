"""What demo records say."""

import pytest

from moyeu.catalog.object_types import find_object_type
from moyeu.catalog.pipelines import standard_pipelines
from moyeu.catalog.properties import standard_groups, standard_properties
from moyeu.crm.definitions import TypeDefinitions, define_type
from moyeu.crm.records import RecordInput, check_values
from moyeu.crm.values.moment import DAY_MS
from moyeu.demo.portal import DemoContents, demo_setting
from moyeu.demo.properties import GROUP, demo_properties
from moyeu.demo.records import HISTORY_DAYS, DemoRecord, DemoSetting, demo_record

NOW_MS = 1_795_000_000_250


def _setting(seed: int = 1, records: int = 1_000) -> DemoSetting:
    return demo_setting(DemoContents(seed, records), NOW_MS)


def _records(setting: DemoSetting) -> list[DemoRecord]:
    return [demo_record(setting, number) for number in range(1, setting.count + 1)]


def _definitions(setting: DemoSetting) -> TypeDefinitions:
    object_type = find_object_type("partner_services")
    assert object_type is not None
    return define_type(
        1,
        object_type,
        [*standard_properties(object_type), *demo_properties(NOW_MS)],
        [*standard_groups(object_type), GROUP],
        standard_pipelines(object_type),
        frozenset(setting.owner_ids),
    )


def test_every_value_passes_the_rules_of_the_api_and_is_kept_as_it_is() -> None:
    setting = _setting()
    definitions = _definitions(setting)
    records = _records(setting)

    checked = check_values(
        [RecordInput("", dict(each.values)) for each in records],
        definitions,
        definitions.rules_for(dates_normalised=False),
        NOW_MS,
    )

    assert [each.problems for each in checked if each.problems] == []
    assert [each.values for each in checked] == [each.values for each in records]


def test_the_same_seed_gives_the_same_records_and_another_one_others() -> None:
    assert _records(_setting(seed=3)) == _records(_setting(seed=3))
    assert _records(_setting(seed=3)) != _records(_setting(seed=4))


def test_external_ids_count_from_one() -> None:
    values = [each.values["external_id"] for each in _records(_setting(records=3))]

    assert values == ["ext-1", "ext-2", "ext-3"]


@pytest.mark.parametrize("count", [1, 2, 1_000])
def test_records_were_made_one_after_the_other_over_the_past_two_years(count: int) -> None:
    setting = _setting(records=count)

    moments = [each.created_at_ms for each in _records(setting)]

    assert moments == sorted(moments)
    assert setting.until_ms - HISTORY_DAYS * DAY_MS <= moments[0]
    assert moments[-1] < setting.until_ms <= NOW_MS


def test_the_records_fill_every_property_and_use_every_option_owner_and_stage() -> None:
    setting = _setting()
    records = _records(setting)

    for name, options in (
        ("service_tier", {"starter", "growth", "enterprise"}),
        ("hs_status", {"ACTIVE", "PAUSED", "ENDED"}),
        ("is_retainer", {"true", "false"}),
        ("hubspot_owner_id", set(setting.owner_ids)),
        ("hs_pipeline_stage", {stage.id for stage in setting.pipelines[0].stages}),
    ):
        assert {each.values[name] for each in records} == options, name
    channels = {part for each in records for part in each.values["channels"].split(";")}
    assert channels == {"email", "ads", "seo", "social"}
    for definition in demo_properties(NOW_MS):
        assert all(each.values[definition.name] for each in records), definition.name


def test_what_has_ended_is_in_the_last_stage_and_has_an_end() -> None:
    last = _setting().pipelines[0].stages[-1].id

    for each in _records(_setting()):
        ended = each.values["hs_status"] == "ENDED"
        assert (each.values["hs_pipeline_stage"] == last) == ended
        assert ("hs_end_date" in each.values) == ended
