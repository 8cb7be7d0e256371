"""Values of generated decisions: names, places, dates and the like in several locales, drawn with Faker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, Any

from perturb.core.errors import UserError

if TYPE_CHECKING:
    from faker import Faker

# Latin scripts: the small model's tokens hold little else. Not it_IT: its cities come in another order in each process.
LOCALES = ("en_GB", "en_US", "de_DE", "fr_FR", "nl_NL", "pt_PT", "es_ES", "sv_SE", "pl_PL")
# Kept out of training, so that a held-out decision has values nobody has seen.
HELD_LOCALES = ("da_DK", "fi_FI", "cs_CZ")
_CHOICES = {
    "room": ("kitchen", "bedroom", "office", "hall", "cellar", "garage", "attic", "bathroom"),
    "language": ("French", "Polish", "Dutch", "Greek", "Danish", "Swahili", "Korean", "Welsh"),
    "currency": ("euros", "yen", "pesos", "francs", "rand", "crowns"),
    "priority": ("low", "normal", "high", "urgent"),
}
_RANGES = {
    "few": (2, 28),
    "hour": (5, 22),
    "minute": (10, 59),
    "number": (100, 99_999),
    "stars": (1, 5),
    "degrees": (12, 28),
}
# Fixed, so that the same seed gives the same dates on any day.
_DATES = (date(2027, 1, 4), date(2027, 12, 20))
_MADE: Mapping[str, Callable[[Any, Random], str]] = {
    "person": lambda faker, random: faker.first_name() if random.random() < 0.5 else faker.name_nonbinary(),
    "city": lambda faker, _random: faker.city(),
    "company": lambda faker, _random: faker.company().replace(",", ""),
    "item": lambda faker, _random: f"{faker.safe_color_name()} {faker.word(part_of_speech='noun')}s",
    "phrase": lambda faker, random: " ".join(faker.words(random.randint(2, 3))),
    "sentence": lambda faker, random: faker.sentence(random.randint(3, 6)).rstrip("."),
    "date": lambda faker, _random: faker.date_between(*_DATES).isoformat(),
    "phone": lambda faker, _random: faker.numerify("0## ### ####"),
    "email": lambda faker, _random: faker.safe_email(),
    "file": lambda faker, random: f"{faker.word()}_{faker.word()}.{random.choice(['txt', 'md', 'csv', 'pdf', 'json'])}",
    "code": lambda faker, _random: faker.bothify("??-####").upper(),
}
# English words for what is translated, written or bought; names and places come from everywhere.
_ENGLISH = {"item", "phrase", "sentence", "file", "code", "date", "phone", "email"}
_WHOLE_NUMBERS = frozenset(_RANGES)


@lru_cache(maxsize=32)
def _faker(locale: str) -> Faker:
    try:
        from faker import Faker
    except ImportError as error:
        raise UserError("generated data needs Faker: pip install 'perturb-agents[synthesis]'") from error
    return Faker(locale)


def value(slot: str, random: Random, *, held: bool = False) -> str | int:
    """A value of the kind `slot`, from values kept out of training when `held`. The same `random`, the same value."""
    if slot in _RANGES:
        return random.randint(*_RANGES[slot])
    if slot in _CHOICES:
        return random.choice(_CHOICES[slot])
    locale = "en_US" if slot in _ENGLISH else random.choice(HELD_LOCALES if held else LOCALES)
    faker = _faker(locale)
    faker.seed_instance(random.getrandbits(48))
    return _MADE[slot](faker, random)


def json_type(slot: str) -> str:
    """The JSON Schema type of a slot's values."""
    return "integer" if slot in _WHOLE_NUMBERS else "string"
