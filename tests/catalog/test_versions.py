"""The versions of the API and their routes."""

import re

from moyeu.catalog.versions import RECORD_VERSIONS, VERSIONS, version_named


def test_versions_are_found_by_their_exact_name() -> None:
    assert [version_named(version.name) for version in VERSIONS] == list(VERSIONS)
    assert version_named("V3") is None
    assert version_named("2024-01") is None


def test_no_two_routes_share_a_prefix() -> None:
    prefixes = [
        prefix
        for version in VERSIONS
        for prefix in (
            *version.object_prefixes,
            *version.property_prefixes,
            *version.property_validation_prefixes,
            *version.schema_prefixes,
            *version.pipeline_prefixes,
            *version.owner_prefixes,
            *version.limit_prefixes,
            *version.object_library_prefixes,
            *version.association_prefixes,
            *version.list_prefixes,
        )
    ]

    assert len(set(prefixes)) == len(prefixes)
    assert all(re.fullmatch(r"(/[a-z0-9-]+)+", prefix) for prefix in prefixes)


def test_v3_objects_have_a_canonical_prefix_and_an_alias() -> None:
    v3 = version_named("v3")

    assert v3 is not None
    assert v3.object_prefixes == ("/crm/v3/objects", "/crm/objects/v3")
    assert v3.property_prefixes == ("/crm/v3/properties",)


def test_dated_routes_carry_the_version_after_the_noun() -> None:
    version = version_named("2026-03")

    assert version is not None
    assert version.object_prefixes == ("/crm/objects/2026-03",)
    assert version.property_prefixes == ("/crm/properties/2026-03",)
    assert version.schema_prefixes == ("/crm-object-schemas/2026-03/schemas",)


def test_the_beta_has_objects_and_pipelines_but_no_properties() -> None:
    beta = version_named("2026-09-beta")

    assert beta is not None
    assert beta.object_prefixes == ("/crm/objects/2026-09-beta",)
    assert beta.pipeline_prefixes == ("/crm/pipelines/2026-09-beta",)
    assert beta.property_prefixes == ()


def test_only_2026_09_and_its_beta_normalise_dates_and_enforce_admin_rules() -> None:
    late = {"2026-09", "2026-09-beta"}

    for version in VERSIONS:
        assert version.dates_normalised == (version.name in late)
        assert version.warnings_on_records == (version.name in late)
        assert version.admin_rules_enforced == (version.name in late)


def test_flags_decide_about_stages_in_use_everywhere_but_in_2026_09() -> None:
    assert {version.name: version.stage_references for version in RECORD_VERSIONS} == {
        "v3": "when_asked",
        "2025-09": "when_asked",
        "2026-03": "when_asked",
        "2026-09": "always",
        "2026-09-beta": "unless_declined",
    }
