"""`moyeu settings`."""

import msgspec

from moyeu.cli.console import print_json, print_table
from moyeu.cli.database_urls import without_password
from moyeu.cli.flags import JsonFlag, SettingFlags, settings_of
from moyeu.settings import DESCRIPTIONS, MASK, SECRETS


def settings(
    *,
    flags: SettingFlags | None = None,
    json: JsonFlag = False,
) -> None:
    """Show every setting and where its value comes from.

    A flag wins over a MOYEU_… variable, that over the TOML file, that over the default.

    Example: MOYEU_PORT=9000 moyeu settings
    """
    read = settings_of(flags)
    values = msgspec.structs.asdict(read.settings)
    values["database"] = without_password(read.settings.database)
    values |= {name: MASK for name in SECRETS if values[name]}
    rows = [
        {
            "name": each.name,
            "value": values[each.name],
            "origin": read.origins[each.name],
            "default": each.default,
            "type": each.type,
            "variable": each.variable,
            "description": each.sentence,
        }
        for each in DESCRIPTIONS
    ]
    if json:
        print_json(rows)
        return
    titles = ("name", "value", "origin")
    print_table(titles, [[str(row[title]) for title in titles] for row in rows])
