"""No secret leaves: every kind, in every form, at every sink; and nothing else is taken out."""

from __future__ import annotations

import html
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perturb.campaign.plan import Selection, plan
from perturb.core.errors import UserError
from perturb.core.redaction import MASK, redact, redacted, redacted_line
from perturb.core.secrets import holds_secret, known
from perturb.engines.settings import checked_key
from perturb.scaffolding.render import prompt_text
from tests.hostile.secrets_of_every_kind import NAMED, SHAPED

NONE: frozenset[str] = frozenset()
Form = Callable[[str], str]


def _percent(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


FORMS: dict[str, Form] = {
    "plain": lambda s: s,
    "quoted": lambda s: quote(s, safe=""),
    "percent": _percent,
    "json": lambda s: json.dumps(s)[1:-1],
    "json in json": lambda s: json.dumps(json.dumps(s))[1:-1],
    "html": html.escape,
    "html numbers": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "json numbers": lambda s: "".join(f"\\u{unit:04x}" for unit in memoryview(s.encode("utf-16-le")).cast("H")),
    "base64": lambda s: b64encode(s.encode()).decode(),
    "base64 further on": lambda s: b64encode(b"x " + s.encode() + b" yz").decode(),
    "base64 of a pair": lambda s: b64encode(b"me:" + s.encode()).decode(),
    "base64 for URLs": lambda s: urlsafe_b64encode(b"a:" + s.encode()).decode(),
}
AROUND = (
    "{}",
    "said {} to me",
    "{{\\n{}\\n}}",
    '{{"error": "bad key {}"}}',
    "<b>{}</b>",
    "https://host.test/v1/{}/models",
    "x={}\n",
)


def pieces(secret: str) -> list[str]:
    """Parts of a secret that would give it away: every run of twelve characters of its longest line."""
    line = max(secret.splitlines(), key=len)
    return [line[at : at + 12] for at in range(len(line) - 12, len(line) // 2, -1)]


@pytest.mark.parametrize("form", sorted(FORMS))
@pytest.mark.parametrize("kind", sorted(SHAPED))
def test_a_secret_is_known_by_its_shape(kind: str, form: str) -> None:
    secret = SHAPED[kind]
    hidden = FORMS[form](secret)
    for around in AROUND:
        done = redact(around.format(hidden), NONE)
        assert MASK in done
        assert not any(piece in done for piece in pieces(hidden)), done


@pytest.mark.parametrize("kind", sorted(NAMED))
def test_a_secret_is_known_by_its_name(kind: str) -> None:
    text, secret = NAMED[kind]
    for shown in (text, f"trouble: {text} (again)", json.dumps({"said": text}), html.escape(text)):
        assert secret not in redact(shown, NONE)


ODD = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=6, max_size=40)


@settings(max_examples=300, deadline=None)
@given(ODD, st.sampled_from(sorted(FORMS)), st.sampled_from(AROUND))
def test_a_known_secret_is_found_in_every_form(secret: str, form: str, around: str) -> None:
    text = around.format(FORMS[form](secret))
    assert FORMS[form](secret) not in redact(text, frozenset({secret})) or secret in MASK


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.sampled_from([*SHAPED.values(), *(text for text, _ in NAMED.values())]))
def test_redacting_twice_is_redacting_once(text: str, secret: str) -> None:
    once = redact(text + secret + text, NONE)
    assert redact(once, NONE) == once


def test_nothing_of_what_ships_is_taken_for_a_secret() -> None:
    for number, item in enumerate(plan(Selection(limit=20))):
        if number % 9 == 0:
            text = prompt_text(item.case)
            assert redact(text, NONE) == text


@pytest.mark.parametrize(
    "text",
    [
        "max_tokens=4096, prompt_tokens: 12345678",
        "token = lexer.next()",
        "password: your-password-here1",
        'api_key="${API_KEY1}"',
        "TOKEN_FILE=/run/beacon/token1",
        '"token": {"type": "string"}',
        "see https://example.test/a?page=2&sort=price1",
        "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
        "task-manager-service-controller/index.html",
        "This site uses cookies: read on",
        "Basic knowledge, bearer instruments",
        "--api-key: holds white space, a control character or a character that no HTTP header can carry",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text, NONE) == text


def test_data_is_redacted_by_its_keys_and_a_reply_is_kept() -> None:
    record = {"failure": {"detail": SHAPED["jwt"]}, "response": {"text": SHAPED["jwt"]}, "api_key": "open sesame"}
    done = redacted(record, NONE, frozenset({"response"}))
    assert done == {"failure": {"detail": MASK}, "response": record["response"], "api_key": MASK}
    line = json.dumps(record).encode()
    assert json.loads(redacted_line(line, frozenset({"response"}))) == done
    clean = b'{"b": 1,  "a": "x"}'
    assert redacted_line(clean) is clean


def test_secrets_of_the_environment() -> None:
    variables = {"OPENAI_API_KEY": "horse battery", "MY_DB_PASSWORD": "s\u00e9same!", "PATH": "/usr/bin"}
    assert known(variables) >= {"horse battery", "s\u00e9same!"}
    assert not known({"PATH": "/usr/bin/x", "SSH_AUTH_SOCK": "/tmp/agent", "KEYBOARD": "german", "HF_TOKEN": "abc"})
    assert not any(map(holds_secret, ("max_tokens", "keyboard", "tokenizer", "author", "secretary", "monkey")))


UNUSABLE = ["sesame1234\n", " sesame1234", "sesame1234\r", "ses\tame", "s\u00e9same", "sesame 12", "sesame\0b"]


@pytest.mark.parametrize("key", UNUSABLE)
def test_a_key_that_no_header_can_carry_is_refused_unseen(key: str) -> None:
    with pytest.raises(UserError) as caught:
        checked_key(key)
    assert "PERTURB_API_KEY" in str(caught.value)
    assert key.strip() not in str(caught.value)
    assert checked_key("sesame1234") == "sesame1234"
