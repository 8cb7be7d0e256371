"""A message as sentences and clauses, and which of them deny or doubt what they say."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

_SENTENCE = re.compile(r"(?<=[.!?…。！？])[\"')\]*]*\s+|(?<=[。！？])|\n+")
# Where one statement ends and the next begins inside a sentence; not inside a number.
_CLAUSE = re.compile(
    r"\s*[;:–—]\s+|,(?!\d)\s*(?:but|and|while|whereas|so|yet|though|although|because|since|which|instead)?\b\s*"
    r"|\s+(?:but|whereas|although|though|because|however)\s+|(?:(?<=fails)|(?<=failed))\s+(?:due to|since|as)\s+|\s+since\s+(?=(?:it|the|that|this|he|she|they|you|I|there)\b)|\s+\(|\)\s*|\s+-\s+|\s+so\s+(?=(?:I|it|the|\w+ (?:is|was|now|uses))\b)|\s+(?:and|while)\s+(?=(?:left|leaving)\b)|\s+and\s+(?=(?:I|it|the|its|he|she|they|you|a|an)\b)",
    re.IGNORECASE,
)
# Before these a sentence states something, whatever it asks after them.
_PART = re.compile(r"(?<=[;:–—])\s+")
_DENIAL = re.compile(
    r"\b(?:not|no|never|neither|nor|none|nothing|nobody|cannot|without|hardly|wrong(?:ly)?|falsehood|false(?= that)|untrue|incorrect|mistaken"
    r"|fail(?:s|ed|ure|ing)?|refus(?:e|es|ed)|declin(?:e|es|ed)|den(?:y|ies|ied)|unable|impossible|lacks?|rather than|instead of|isnt|wasnt|dont|didnt|cant|wont)\b"
    r"|n['’]t\b",
    re.IGNORECASE,
)
# Denials that say nothing about the rest of their clause.
_IDLE = re.compile(
    r"\b(?:no (?:problem|worries|doubt|longer than|later than|less than|fewer than|more than)|not only|nothing else|not just|no further|(?:no|without|without any|zero) (?:\w+ ){0,2}(?:problems?|issues?|errors?|warnings?|complaints?|failures?|findings|output)|(?:reports?|reported|found|finds|prints?|printed|shows?|showed|says?|said) nothing|nothing is (?:paid|ordered|booked)|non-stop)\b",
    re.IGNORECASE,
)
# A doubt in front of a denied or stated thing: nobody can tell.
_DOUBT = re.compile(
    r"\b(?:maybe|perhaps|possibly|probably|presumably|apparently|might|may have|may be|could be(?! \w+ed\b)|could have been|seems?|seemingly"
    r"|should be|would be|(?:was|were|is|are) (?:going|supposed|meant) to|(?:tried|attempted|wanted|planned|intended) to"
    r"|i (?:think|guess|believe|assume|suppose)|not sure|unsure|unclear|uncertain|allegedly|supposedly|i would guess|as far as i know|if i remember)\b",
    re.IGNORECASE,
)
# Words that take back what is said next: the rest of the sentence is denied, and of later ones nobody can tell.
_DISOWNS = re.compile(
    r"\b(?:false|untrue|wrong|incorrect|mistaken|a lie|nonsense)\b.{0,20}\b(?:that|to (?:say|claim|believe|think|assume))\b"
    r"|\bnot (?:true|the case|so|correct|right) that\b|\b(?:none|nothing|neither) of (?:this|that|it|these|the following|what)\b"
    r"|\b(?:do not|don't|never) (?:believe|trust)\b|\bi (?:deny|retract|take back)\b",
    re.IGNORECASE,
)
_NUMBER_SIGN = re.compile(r"\bno\.(?=\s?(?:[A-Z]{1,3}-)?\d)", re.IGNORECASE)
# What was left as it was, or is somebody else's, was not brought about; to say so is no denial of a wish to stop.
_LEFT = re.compile(
    r"\b(?:left|leav(?:e|ing))\b(?:\W+\w+){0,3}?\W+(?:alone|unchanged|untouched|as[- ](?:is|it|they))\b|\balready (?:taken|in use|occupied)\b",
    re.IGNORECASE,
)
# Everything said before was taken back in the world.
_UNDID = re.compile(
    r"\b(?:revert(?:ed)?|rolled back|undid|backed out)\b (?:it|that|this|them|everything|(?:the|my|all) (?:\w+ )?(?:changes?|edits?))\b",
    re.IGNORECASE,
)
# A full stop that ends no sentence.
_SHORTENED = re.compile(r"\b(max|min|approx|ca|nr|ref|incl|dr|st|vs)\.(?=\s)", re.IGNORECASE)
# A sign that is named: quotes of any kind stay about it, as single ones.
_SIGN = re.compile(r"(?<!\w)[`\"“]([^\w\s`\"]{1,3})[`\"”](?!\w)")
# What was tried and came to nothing was not done.
_TRIED = re.compile(
    r"\b(?:tried|attempted|wanted|planned|intended|meant|(?:was|were) (?:going|supposed|meant)) to\b", re.IGNORECASE
)
_IN_VAIN = re.compile(r"\b(?:but|however|though|although|unfortunately|yet)\b", re.IGNORECASE)
_PLAIN = str.maketrans("’‘“”\u00a0\u202f\u2009−", "''\"\"   -")
# A name or number in brackets belongs to the clause that goes on after it.
_BRACKETS = re.compile(r"\s\(([^()\s]{1,24})\)(?=\s+\w)")
_FAILED = re.compile(r"\bfail(?:s|ed|ing)?\b", re.IGNORECASE)
_MENDED = re.compile(
    r"\b(?:fixed|rebuilt|repaired|corrected|solved|resolved|restored|recovered|added (?:it|them)|succeeded)\b",
    re.IGNORECASE,
)
_REMARK = re.compile(r"^\W*(?:no|nope|not yet|not at all)\W*$", re.IGNORECASE)
_ENGLISH = frozenset(
    (
        "the a an is are was were be been to of in on at for and or but not no it its this that with from by as i "
        "you your we has have had do does did will would can could which what when where who how there here now "
        "one all than then so if my me costs needs until per"
    ).split()
)
_OTHERS = frozenset(
    (
        "der die das und ist nicht ein eine er sie es wurde wird ich wir kein keine mit von zu auf für im den dem "
        "el los las que un una en por para con como más pero está le les des et est pas il elle je nous vous du au "
        "sur dans pour avec che non di per del della sono è gli lo het een niet van dat ik je zijn wordt med och "
        "inte att det som är på av og ikke jeg nie jest się na nem egy az não uma para os as foi é ne"
    ).split()
) - {"as", "on", "lo", "no"}


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of words with one statement. `denied`, `doubted`, `left`: what it does with it."""

    text: str
    denied: bool
    doubted: bool
    sentence: int
    question: bool
    twice: bool = False
    left: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A message, read. `foreign`: it is not in a language whose denials are known."""

    text: str
    clauses: tuple[Clause, ...]
    sentences: tuple[str, ...]
    foreign: bool


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order."""
    return [piece for piece in _SENTENCE.split(_plain(text)) if piece and piece.strip()]


def _plain(text: str) -> str:
    """Typographic variants as the plain ones, markup taken off."""
    text = _SHORTENED.sub(r"\1", _NUMBER_SIGN.sub("nr", text))
    text = _SIGN.sub(r"'\1'", text)
    text = re.sub(r"[*`]{1,3}(?=\S)|(?<=\S)[*`]{1,3}", "", text)
    # One blank for many: patterns that begin with blanks stay linear.
    return re.sub(r"[^\S\n]+", " ", text.translate(_PLAIN))


@lru_cache(maxsize=512)
def read(text: str) -> Said:
    """`text` as sentences and clauses. Total and linear."""
    text = text[:20_000]
    clauses: list[Clause] = []
    found = sentences(text)
    disowned = -1
    for number, sentence in enumerate(map(_unbracketed, found)):
        asked = sentence.rstrip("\"')]* ").endswith(("?", "？"))
        whole = _of_whole(sentence)
        denying = False
        parts = _PART.split(sentence)
        vain = _tried_in_vain(sentence)
        mended = _MENDED.search(sentence) is not None
        pieces = [(piece, asked and part is parts[-1]) for part in parts for piece in _CLAUSE.split(part)]
        for piece, question in pieces:
            if not piece or not piece.strip() or _REMARK.match(piece):
                continue
            count = len(_DENIAL.findall(_IDLE.sub(" ", _FAILED.sub(" ", piece) if mended else piece)))
            # "It is not true that …" and "I deny that …" reach to the end of the sentence.
            denied = count % 2 == 1 or (denying and count == 0)
            twice = count > 1 or (denying and count > 0)
            if vain and vain in piece:
                denied, piece = True, piece.replace(vain, "")
            doubted = _DOUBT.search(piece) is not None or whole or -1 < disowned < number
            clauses.append(
                Clause(piece.strip(), denied, doubted, number, question, twice, _LEFT.search(piece) is not None)
            )
            if _DISOWNS.search(piece):
                disowned, denying = number, True
            denying = denying or _reaches(piece)
    return Said(text, _undone(clauses), tuple(found), _is_foreign(text))


def _undone(clauses: list[Clause]) -> tuple[Clause, ...]:
    """The clauses; what stands before a change was reverted is left as it was."""
    last = max((n for n, one in enumerate(clauses) if not one.denied and not one.question and _UNDID.search(one.text)), default=0)  # fmt: skip
    return tuple(replace(one, left=True) if n < last else one for n, one in enumerate(clauses))


def _tried_in_vain(sentence: str) -> str | None:
    found = _TRIED.search(sentence)
    return found[0] if found and _IN_VAIN.search(sentence, found.end()) else None


def _unbracketed(sentence: str) -> str:
    return _BRACKETS.sub(lambda found: found[0] if _DENIAL.search(found[1]) else f" {found[1]}", sentence)


def _reaches(piece: str) -> bool:
    return (
        re.search(
            r"\b(?:not (?:true|the case|correct|so)|untrue|false|wrong|incorrect|deny|denies|neither|nor)\b.{0,12}$|not true that|(?:nothing|none) of (?:this|that|it)\b",
            piece,
            re.IGNORECASE,
        )
        is not None
    )


def _of_whole(sentence: str) -> bool:
    return (
        re.match(
            r"\W*(?:maybe|perhaps|possibly|probably|presumably|i (?:think|guess|believe|assume)|it seems|as far as i know)\b",
            sentence,
            re.IGNORECASE,
        )
        is not None
    )


def _is_foreign(text: str) -> bool:
    """Whether its denials are not to be relied on: other letters, or more small words of other languages."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    if sum(any(ord(letter) > 0x24F for letter in word) for word in words) * 2 > len(words):
        return True
    return sum(word in _OTHERS for word in words) > sum(word in _ENGLISH for word in words)


def mentions(text: str, words: tuple[str, ...]) -> bool:
    """Whether one of `words` stands in `text` as a whole word or phrase; a star at its end takes any ending."""
    return any(_word(word).search(text) for word in words)


def speaks_of(text: str, words: tuple[str, ...]) -> bool:
    """Whether `text` is about one of `words`, which may also be a part of an identifier: MAX_TRIES is about tries."""
    return mentions(text, words) or mentions(text.replace("_", " "), words)


@lru_cache(maxsize=4096)
def _word(word: str) -> re.Pattern[str]:
    stem = word.removesuffix("*")
    body = re.escape(_plain_word(stem)).replace(r"\ ", r"\s+")
    start = r"(?<![\w])" if stem[:1].isalnum() else ""
    end = "" if word.endswith("*") else r"(?![\w])" if stem[-1:].isalnum() else ""
    return re.compile(start + body + (r"\w*" if word.endswith("*") else end), re.IGNORECASE)


def _plain_word(word: str) -> str:
    return _NUMBER_SIGN.sub("nr", word.replace("’", "'"))
