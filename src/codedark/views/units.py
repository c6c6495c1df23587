"""Units as they are read at a bedside. Notation only: no value is ever converted, and the record keeps what was sent.

Source: UCUM, tables 3 to 5; EHR exports that spell units out.
"""

from __future__ import annotations

_READ = {
    "mm[hg]": "mmHg",
    "cel": "°C",
    "celsius": "°C",
    "degrees celsius": "°C",
    "[degf]": "°F",
    "degf": "°F",
    "fahrenheit": "°F",
    "[in_i]": "in",
    "inch": "in",
    "[lb_av]": "lb",
    "pound": "lb",
    "pounds": "lb",
    "[oz_av]": "oz",
    "kilogram": "kg",
    "kilograms": "kg",
    "gram": "g",
    "grams": "g",
    "centimeter": "cm",
    "centimetre": "cm",
    "milliliter": "mL",
    "millilitre": "mL",
    "percent": "%",
    "[iu]": "units",
    "[ph]": "",
    "{score}": "",
    "{inr}": "",
    "1": "",
}


def shown_unit(unit: str) -> str:
    """mmHg for mm[Hg], kg for kilogram; every other unit as it was sent, its braces (UCUM annotations) aside."""
    found = _READ.get(unit.strip().casefold())
    if found is not None:
        return found
    return unit[1:-1] if unit.startswith("{") and unit.endswith("}") else unit
