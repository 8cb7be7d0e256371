"""`--reading bfcl` against the checker of that benchmark, where it is installed, on its records."""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from perturb.judging.grading.lines_in import verdict

DATA = Path(__file__).parents[3] / "shared" / "data" / "bfcl"
CATEGORIES = ("simple_python", "multiple", "parallel", "parallel_multiple", "live_simple", "live_multiple")
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the records are not part of this repository")


@pytest.fixture(scope="module")
def checker() -> Any:
    """The benchmark's checker. Its table of models, which wants every vendor's client, only says that dots in names
    become underscores; that is put in its place."""
    pytest.importorskip("bfcl_eval", reason="bfcl-eval is not installed")

    class _Dots(dict[str, Any]):
        def __missing__(self, _name: str) -> Any:
            return type("Model", (), {"underscore_to_dot": True})

    table = ModuleType("bfcl_eval.constants.model_config")
    table.MODEL_CONFIG_MAPPING = _Dots()  # type: ignore[attr-defined]  # what the checker asks of it
    sys.modules[table.__name__] = table
    from bfcl_eval.constants.enums import Language
    from bfcl_eval.eval_checker.ast_eval.ast_checker import ast_checker

    def check(functions: Any, got: Any, truth: Any, category: str) -> bool:
        language = {"simple_java": Language.JAVA, "simple_javascript": Language.JAVASCRIPT}.get(category)
        return bool(ast_checker(functions, got, truth, language or Language.PYTHON, category, "any")["valid"])

    return check


def rows(path: Path) -> dict[str, Any]:
    return {row["id"]: row for row in map(json.loads, path.read_text().splitlines())}


def made(accepted: Any, draw: random.Random) -> Any:
    """One of the accepted values, nested ones too."""
    if isinstance(accepted, dict):
        listed = {key: options if isinstance(options, list) else [options] for key, options in accepted.items()}
        picked = {key: draw.choice(options) for key, options in listed.items() if options}
        return {key: made(value, draw) for key, value in picked.items() if value != ""}
    return [made(item, draw) for item in accepted] if isinstance(accepted, list) else accepted


def bent(value: Any, draw: random.Random) -> Any:
    """A value near `value`: other case, other type, other content."""
    text = value.upper().replace(" ", ", ") if isinstance(value, str) else value
    number = value + draw.choice([0, 1]) if isinstance(value, int) and not isinstance(value, bool) else value
    return draw.choice([text, number, str(value), [value], None, True, "other", value, {"k": value}, 3.0])


def answers(truth: list[Any], draw: random.Random) -> Iterator[list[dict[str, Any]]]:
    good = [{name: made(args, draw) for name, args in call.items()} for call in truth]
    yield good
    yield good[::-1]
    yield good[1:] or [*good, *good]
    for _ in range(4):
        worse = json.loads(json.dumps(good))
        _name, args = next(iter(draw.choice(worse).items()))
        if args:
            key = draw.choice(sorted(args))
            args[key] = bent(args[key], draw)
        yield worse


def test_the_verdicts_are_those_of_the_benchmark(checker: Any) -> None:
    table: Counter[tuple[bool, bool]] = Counter()
    differ: list[Any] = []
    for category in CATEGORIES:
        questions = rows(DATA / f"BFCL_v4_{category}.json")
        truths = rows(DATA / "possible_answer" / f"BFCL_v4_{category}.json")
        for name in sorted(questions)[:100]:
            functions, truth = questions[name]["function"], truths[name]["ground_truth"]
            for got in answers(truth, random.Random(name)):
                dotless = [{key.replace(".", "_"): args for key, args in call.items()} for call in got]
                try:
                    theirs = checker(functions, dotless, truth, category)
                except (TypeError, KeyError, AttributeError, IndexError):
                    continue  # where that checker breaks off there is no verdict of its own
                calls = [{"name": key, "arguments": args} for call in dotless for key, args in call.items()]
                context = {"tools": functions, "order": "any"}
                item = {"kind": "parallel_calls", "context": context, "expected": truth, "got": calls}
                ours = verdict(item, "bfcl")["equal"]
                table[theirs, ours] += 1
                if theirs != ours:
                    differ.append((name, theirs, got, truth))
    agree = table[True, True] + table[False, False]
    assert sum(table.values()) > 2_000
    assert min(table[True, True], table[False, False]) > 500
    assert agree >= 0.99 * sum(table.values()), differ[:5]


def written(value: Any, told: str, language: str) -> str:
    """A value as source text of its declared type."""
    if isinstance(value, bool):
        return str(value).lower()
    if told == "HashMap" and isinstance(value, dict):
        pairs = "".join(f' put("{k}", {quoted(v[0] if isinstance(v, list) else v)});' for k, v in value.items())
        return f"new HashMap<String, Object>() {{{{{pairs} }}}}"
    if told == "dict" and isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {quoted(v[0] if isinstance(v, list) else v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        items = ", ".join(map(quoted, value))
        lists = {"ArrayList": f"new ArrayList<>(Arrays.asList({items}))", "Array": f"new String[]{{{items}}}"}
        return lists.get(told, f"[{items}]")
    ends = {"long": "L", "float": "f" if language == "java" else "", "Bigint": "n"}
    return f"{value}{ends.get(told, '')}"


def quoted(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def foreign(call: dict[str, Any], function: dict[str, Any], language: str, draw: random.Random) -> Iterator[Any]:
    """Answers in source text: right ones, others spelled otherwise, of another type, with another value."""
    ((name, accepted),) = call.items()
    declared = function["parameters"]["properties"]
    args = {
        key: written(draw.choice(options), declared[key]["type"], language)
        for key, options in accepted.items()
        if key in declared and options[0] != ""
    }
    yield {name: args}
    for _ in range(9):
        if args:
            key = draw.choice(sorted(args))
            text = args[key]
            bent_text = [
                text + "L",
                f'"{text}"',
                text.upper(),
                text.strip("\"'"),
                f"[{text}]",
                f"new int[]{{{text}}}",
                "7",
            ]
            bent_text += [
                text.replace(" ", ""),
                text.replace('"', "'"),
                7,
                text.replace(",", ";"),
                "{}",
                "new ArrayList<>()",
            ]
            yield {name: {**args, key: draw.choice([*bent_text, f"{{a: {text}}}", f"new Array({text})", text + "f"])}}
            yield {name: {k: v for k, v in args.items() if k != key}}


@pytest.mark.parametrize("language", ["java", "javascript"])
def test_source_text_is_read_as_the_benchmark_reads_it(language: str, checker: Any) -> None:
    table: Counter[tuple[bool, bool]] = Counter()
    differ: list[Any] = []
    questions = rows(DATA / f"BFCL_v4_simple_{language}.json")
    truths = rows(DATA / "possible_answer" / f"BFCL_v4_simple_{language}.json")
    for name in sorted(questions):
        functions, truth = questions[name]["function"], truths[name]["ground_truth"]
        for got in foreign(truth[0], functions[0], language, random.Random(name)):
            dotless = {key.replace(".", "_"): args for key, args in got.items()}
            try:
                theirs = checker(functions, [dotless], truth, f"simple_{language}")
            except (TypeError, KeyError, AttributeError, IndexError, NotImplementedError):
                continue
            ((key, args),) = dotless.items()
            context = {"tools": functions, "language": language}
            item = {"kind": "call", "context": context, "expected": truth[0], "got": {"name": key, "arguments": args}}
            ours = verdict(item, "bfcl")["equal"]
            table[theirs, ours] += 1
            if theirs != ours:
                differ.append((name, theirs, got, truth, functions[0]["parameters"]))
    agree = table[True, True] + table[False, False]
    assert sum(table.values()) > 400
    assert min(table[True, True], table[False, False]) > 50
    assert agree >= 0.99 * sum(table.values()), (agree, sum(table.values()), differ[:4])
