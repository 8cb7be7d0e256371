"""Word lists the operators draw from, mildest first."""

from __future__ import annotations

SYNONYMS: dict[str, tuple[str, ...]] = {
    "read": ("open", "view", "load"),
    "write": ("save", "store", "put"),
    "edit": ("change", "modify", "replace"),
    "replace": ("substitute", "swap", "change"),
    "bash": ("shell", "terminal", "console"),
    "run": ("execute", "launch", "perform"),
    "execute": ("run", "perform", "do"),
    "search": ("find", "lookup", "query"),
    "find": ("search", "locate", "lookup"),
    "list": ("show", "enumerate", "ls"),
    "file": ("document", "path", "item"),
    "files": ("documents", "paths", "items"),
    "path": ("location", "target", "where"),
    "command": ("cmd", "line", "instruction"),
    "content": ("text", "body", "data"),
    "query": ("terms", "keywords", "question"),
    "url": ("link", "address", "href"),
    "text": ("value", "string", "content"),
    "fetch": ("get", "download", "retrieve"),
    "browse": ("visit", "open", "surf"),
    "browser": ("page", "web", "nav"),
    "click": ("press", "tap", "select"),
    "type": ("enter", "fill", "write"),
    "input": ("enter", "fill", "type"),
    "navigate": ("goto", "open", "visit"),
    "get": ("fetch", "show", "lookup"),
    "create": ("make", "add", "open"),
    "update": ("change", "set", "modify"),
    "pattern": ("regex", "expression", "needle"),
    "python": ("interpreter", "py", "code_runner"),
    "code": ("source", "program", "script"),
    "ref": ("handle", "node", "uid"),
    "index": ("number", "position", "slot"),
    "glob": ("match_files", "wildcard", "pattern"),
    "grep": ("search_text", "match_lines", "rg"),
}

# Tools of other trades: name, what they do, one parameter.
DISTRACTORS: tuple[tuple[str, str, str], ...] = (
    ("convert_currency", "Converts an amount between two currencies.", "amount"),
    ("get_sunrise", "Tells when the sun rises at a place.", "place"),
    ("translate_menu", "Translates a restaurant menu.", "menu"),
    ("book_meeting_room", "Reserves a meeting room.", "room"),
    ("play_song", "Plays a song on the office speaker.", "song"),
    ("water_plants", "Opens the valve of the roof garden.", "minutes"),
    ("print_label", "Prints an address label.", "address"),
    ("roll_dice", "Rolls a number of dice.", "count"),
    ("resize_photo", "Makes a photo smaller.", "photo"),
    ("order_lunch", "Orders from the canteen.", "dish"),
    ("start_timer", "Starts a kitchen timer.", "seconds"),
    ("lock_door", "Locks the front door.", "door"),
    ("tune_guitar", "Plays a reference tone.", "string_name"),
    ("count_calories", "Estimates the calories of a meal.", "meal"),
    ("draw_horoscope", "Draws a star chart.", "birthday"),
    ("set_thermostat", "Sets the room temperature.", "degrees"),
    ("dim_lights", "Dims the lights of a room.", "level"),
    ("check_tide", "Tells the next high tide.", "harbour"),
    ("name_bird", "Names a bird from its song.", "recording"),
    ("scan_barcode", "Reads a barcode.", "picture"),
)

FILLER = (
    "Office hours are nine to five; the canteen closes at two.",
    "Visitors sign in at the front desk and wear a badge.",
    "Printers on the third floor take A3 paper only.",
    "Bicycles are parked in the yard, not in the stairwell.",
    "The fire drill takes place on the first Tuesday of the month.",
    "Lost property is kept at reception for four weeks.",
)

NOISE = (
    "A lighthouse lens bends light into a narrow beam that can be seen far out at sea.",
    "Bread rises because yeast turns sugar into gas that the dough holds in.",
    "Granite cools slowly under the ground, which is why its crystals are large.",
)

PREAMBLES = (
    "Good morning, I hope you are doing well.",
    "Thanks again for the help yesterday, that saved me a lot of time.",
    "Before I forget: the weather here is finally getting better, so we may eat outside tonight.",
)

REGISTERS = (
    "When you have a moment, please do this for me. ",
    "This is urgent, so be quick about it. ",
    "yo, got one for you. ",
    "Dear colleague, I should be most grateful for your assistance in the following matter. ",
)
