"""What a test run asks for: command line before ini file before defaults, and the marker on a test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from perturb.campaign.model import ModelSpec
from perturb.campaign.plan import Selection, chosen_operators
from perturb.core import ranges
from perturb.core.errors import StorageError, UserError
from perturb.core.plain import one_line
from perturb.core.registry import SCAFFOLDS, find, load_builtin, load_file
from perturb.core.secrets import remember_options
from perturb.engines.base import RECOMMENDED
from perturb.judging.rounds import PATIENCE
from perturb.recordings.choosing import chosen_episodes

_LOADED: pytest.StashKey[bool] = pytest.StashKey()
_MARKER_KEYS = {"operators", "scaffolds", "fixtures", "samples", "seed", "limit"}


def value(config: pytest.Config, name: str) -> str:
    """A single-valued choice, "" when it was not made."""
    given = config.getoption(f"perturb_{name}")
    return str(given if given is not None else config.getini(f"perturb_{name}") or "")


def values(config: pytest.Config, name: str) -> tuple[str, ...]:
    """A choice that may be made several times."""
    return tuple(config.getoption(f"perturb_{name}") or config.getini(f"perturb_{name}"))


def model_spec(config: pytest.Config) -> ModelSpec:
    """The model that was named. Raises UserError when none was, or a number is none."""
    given = {name: value(config, name) for name in ("model", "base_url", "agent")}
    # An option beats the ini file also when it names another kind of model.
    on_line = {name for name in given if config.getoption(f"perturb_{name}")}
    chosen = {name: text for name, text in given.items() if text and (not on_line or name in on_line)}
    if not chosen:
        raise UserError("no model: give --perturb-base-url, --perturb-model or --perturb-agent (or the ini keys)")
    kept = {name: value(config, name) for name in ("base_url", "proxy")}
    remember_options({**kept, "header": values(config, "header")})
    return ModelSpec(
        model=chosen.get("model", ""),
        base_url=tuple(chosen.get("base_url", "").split()),
        agent=chosen.get("agent", ""),
        model_name=value(config, "model_name"),
        api=value(config, "api") or "openai",
        raw=_yes(config, "raw"),
        format=value(config, "format"),
        chat_template=value(config, "chat_template"),
        template_args=values(config, "template_arg"),
        concurrency=_whole(config, "concurrency", 0, 0),
        timeout=_real(config, "timeout", 3600.0, 0, ranges.COUNT),
        proxy=value(config, "proxy"),
        extra_body=value(config, "extra_body"),
        header=values(config, "header"),
        temperature=_real(config, "temperature", RECOMMENDED.temperature, 0, 100),
        top_p=_real(config, "top_p", RECOMMENDED.top_p, 0, 1),
        top_k=_whole(config, "top_k", RECOMMENDED.top_k, -1),
        max_tokens=_whole(config, "max_tokens", RECOMMENDED.max_tokens, 1),
        seed=_whole(config, "seed", 0, 0, ranges.SEED),
    )


def selection(config: pytest.Config, definition: pytest.Item | Any) -> Selection:
    """What a test covers: its marker, narrowed by the options. Raises UserError for what is not known."""
    given = _marked(definition)
    asked = Selection(
        scaffolds=tuple(given.get("scaffolds", ())),
        operators=tuple(given.get("operators", ())),
        fixtures=tuple(given.get("fixtures", ())),
        samples=given.get("samples", _whole(config, "samples", 1, 1, ranges.COUNT)),
        seed=given.get("seed", _whole(config, "seed", 0, 0, ranges.SEED)),
        limit=given.get("limit", _whole(config, "limit", 0, 0)),
    )
    return _narrowed(asked, config)


def _marked(definition: Any) -> dict[str, Any]:
    marker = definition.get_closest_marker("perturb")
    if marker is None:
        return {}
    unknown = sorted(marker.kwargs.keys() - _MARKER_KEYS)
    if unknown or marker.args:
        wrong = ", ".join(unknown) or "positional arguments"
        raise UserError(f"{definition.nodeid}: the perturb marker does not take {wrong} (it takes {_takes()})")
    return dict(marker.kwargs)


def _takes() -> str:
    return ", ".join(sorted(_MARKER_KEYS))


def _narrowed(asked: Selection, config: pytest.Config) -> Selection:
    operators, scaffolds, fixtures = (values(config, name) for name in ("operator", "scaffold", "fixture"))
    names = [operator.name for operator in chosen_operators(asked)]
    if operators:
        # Also says when a glob matches nothing at all.
        wanted = {operator.name for operator in chosen_operators(Selection(operators=operators))}
        names = [name for name in names if name in wanted]
    for name in scaffolds:
        find(SCAFFOLDS, name, "scaffold")
    kept = tuple(name for name in (asked.scaffolds or sorted(SCAFFOLDS)) if not scaffolds or name in scaffolds)
    if fixtures and asked.fixtures:
        fixtures = _in_both(asked.fixtures, fixtures)
        # No fixture at all would mean every fixture.
        names = names if fixtures else []
    return replace(asked, operators=tuple(names), scaffolds=kept, fixtures=fixtures or asked.fixtures)


def _in_both(asked: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[str, ...]:
    """What is left of `asked`: ids for its globs, and those of its files that hold an episode of `wanted`."""
    ids = {episode.id for episode in chosen_episodes(wanted)}
    left = [
        name if Path(name).exists() else episode.id
        for name in asked
        for episode in chosen_episodes((name,))
        if episode.id in ids
    ]
    return tuple(dict.fromkeys(left))


def patience(config: pytest.Config) -> int:
    """The looks that a decision may take. Raises UserError when the number is none."""
    return _whole(config, "patience", PATIENCE, 0, 99)


def narrowed(config: pytest.Config) -> bool:
    """Whether the options or the ini file narrow what markers select."""
    return any(values(config, name) for name in ("operator", "scaffold", "fixture"))


def _yes(config: pytest.Config, name: str) -> bool:
    text = value(config, name).lower()
    if text not in ("", "no", "false", "0", "yes", "true", "1"):
        raise UserError(f"--perturb-{name}: {text!r} is neither yes nor no")
    return text in ("yes", "true", "1")


def _whole(config: pytest.Config, name: str, default: int, least: int, most: int = ranges.LARGEST) -> int:
    text = value(config, name)
    try:
        return ranges.whole(text, least, most) if text else default
    except ValueError as error:
        raise UserError(f"--perturb-{name.replace('_', '-')}: {error}") from error


def _real(config: pytest.Config, name: str, default: float, least: float, most: float) -> float:
    text = value(config, name)
    try:
        return ranges.real(text, least, most) if text else default
    except ValueError as error:
        raise UserError(f"--perturb-{name.replace('_', '-')}: {error}") from error


def folder(config: pytest.Config) -> tuple[Path, bool]:
    """The run's folder, and whether an earlier run in it is gone on with. Raises UserError when there is none."""
    resume, out = value(config, "resume"), value(config, "out")
    parent = config.invocation_params.dir / "runs"
    known = sorted(parent.glob("pytest-*"), key=_run_number) if parent.is_dir() else []
    if resume and resume != "last":
        return Path(resume), True
    if out:
        return Path(out), bool(resume)
    if resume:
        if not known:
            raise UserError(f"no run to resume in {parent}")
        return known[-1], True
    return parent / f"pytest-{_run_number(known[-1]) + 1 if known else 1}", False


def _run_number(path: Path) -> int:
    number = path.name.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def refused(error: UserError | StorageError) -> pytest.UsageError:
    """What keeps a run from beginning, as pytest says it: one line."""
    return pytest.UsageError(f"perturb: {one_line(str(error))}")


def register(config: pytest.Config) -> None:
    """Load what ships and the user's own modules, once. Raises UsageError naming a module that fails."""
    if _LOADED in config.stash:
        return
    config.stash[_LOADED] = True
    load_builtin()
    try:
        for file in values(config, "load"):
            load_file(Path(file))
    except UserError as error:
        raise refused(error) from error
