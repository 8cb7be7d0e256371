"""vscode_like: an editor's agent with camelCase keys and context tags (after vscode-copilot-chat, MIT)."""

from __future__ import annotations

from perturb.registry import scaffold
from perturb.scaffold import Scaffold
from perturb.values import Case, Intent, Param, Result, Section, Tool, World
from perturb.wording_defaults import worded
from scaffolds.pieces import memory_block, optional, param, rule


def _path(name: str, description: str) -> Param:
    return param(name, "path", "string", description, ("path", "absolute"))


def _why(example: str) -> Param:
    schema = {"type": "string", "description": "One sentence for the user: what this does and why"}
    return Param("explanation", schema, "", True, (("meta", example),))


TOOLS = (
    Tool(
        "read_file",
        "Read lines of a file in the workspace. Ask for a large part at once rather than many small ones.",
        "fs.read",
        (
            _path("filePath", "Absolute path of the file"),
            optional("startLine", "start", "number", "First line, from 1"),
            optional("endLine", "end", "number", "Last line, included"),
        ),
    ),
    Tool(
        "replace_string_in_file",
        "Replace one occurrence of a text in a file. Give enough of it to be unique.",
        "fs.edit",
        (
            _path("filePath", "Absolute path of the file"),
            param("oldString", "old", "string", "The exact text to replace"),
            param("newString", "new", "string", "The text to replace it with"),
        ),
    ),
    Tool(
        "create_file",
        "Create a file with content.",
        "fs.write",
        (_path("filePath", "Absolute path of the file"), param("content", "content", "string", "Its content")),
    ),
    Tool("list_dir", "List a directory.", "fs.list", (_path("path", "Absolute path of the directory"),)),
    Tool(
        "file_search",
        "Find files in the workspace by a glob.",
        "fs.find",
        (param("query", "glob", "string", "The glob, e.g. **/*.ts"),),
    ),
    Tool(
        "grep_search",
        "Search the text of the workspace.",
        "fs.grep",
        (
            param("query", "pattern", "string", "A regular expression"),
            Param("isRegexp", {"type": "boolean", "description": "Always true here"}, "", True, (("meta", True),)),
            optional("includePattern", "include", "string", "Only files that match this glob"),
            optional("root", "root", "string", "Only below this directory", ("path", "absolute")),
        ),
    ),
    Tool(
        "run_in_terminal",
        "Run a command in the editor's terminal.",
        "shell.run",
        (
            param("command", "command", "string", "The command"),
            _why("Runs the command that the task needs."),
            param("isBackground", "background", "boolean", "Whether it keeps running"),
            optional("timeout", "timeout_s", "number", "Seconds to wait"),
        ),
    ),
)


def _sections(world: World) -> tuple[Section, ...]:
    return (
        Section(
            "instructions",
            "You are the agent of a code editor. The user works beside you in the same workspace. Gather the context you "
            "need, make the change in the files themselves rather than printing code, and go on until it is done.",
        ),
        Section(
            "toolUseInstructions",
            "Paths are always absolute. Read a file before you change it. Never change files through the terminal. Do not "
            "run several terminal commands at the same time. Do not mention the names of tools to the user.",
        ),
        Section("workspace", f"Folder: {world.cwd}\nOS: {world.os}\nShell: {world.shell}\nHome: {world.home}"),
    )


def _file(result: Result, _world: World) -> str:
    data = result.data
    head = f"File: `{data['path']}`. Lines {data['start']} to {data['end']} ({data['total']} lines total):"
    return f"{head}\n```\n{data['text'].rstrip(chr(10))}\n```"


def _matches(result: Result, _world: World) -> str:
    found = result.data["matches"]
    blocks = [f'<match path="{m["path"]}" line="{m["line"]}">\n{m["text"]}\n</match>' for m in found]
    return "\n".join([f"{len(found)} match" + ("" if len(found) == 1 else "es"), *blocks])


def _shell(result: Result, _world: World) -> str:
    data = result.data
    text = (data["stdout"] + data["stderr"]).rstrip()
    return f"{text}\nCommand exited with code {data['exit_code']}".lstrip("\n")


_OWN = {
    "file": _file,
    "matches": _matches,
    "shell": _shell,
    "listing": lambda r, _w: "\n".join(r.data["entries"]) or "The folder is empty.",
    "edited": lambda r, _w: f"The file was edited: {r.data['path']}",
    "written": lambda r, _w: f"File {'created' if r.data['created'] else 'replaced'}: {r.data['path']}",
    "error": lambda r, _w: f"ERROR: {r.data['message']}",
}


def _word(_intent: Intent, result: Result, world: World) -> str:
    return worded(result, world, _OWN)


def _opening(case: Case, memory: str) -> str:
    world = case.world
    editor = [f"The user's current file is {world.open_files[0]}."] if world.open_files else []
    editor += [f"Also open: {path}" for path in world.open_files[1:]]
    problems = [f"Problem: {line}" for line in world.diagnostics]
    blocks = [f"<context>\nThe current date is {world.clock[:10]}. Locale: {world.locale}.\n</context>"]
    if editor or problems:
        blocks.append("<editorContext>\n" + "\n".join([*editor, *problems]) + "\n</editorContext>")
    if memory:
        blocks.append(f"<attachments>\n{memory_block('AGENTS.md', memory)}\n</attachments>")
    return "\n".join(blocks)


@scaffold
def vscode_like() -> Scaffold:
    """An editor's agent."""
    return Scaffold(
        name="vscode_like",
        version=1,
        family="ide",
        protocol="native",
        result_role="tool",
        summary="editor agent: native calls, camelCase keys, context tags, explanations with commands",
        tools=TOOLS,
        sections=_sections,
        word=_word,
        serves=("cli", "ide", "service", "imported"),
        rules=(rule("Write no code blocks in messages to the user.", "text.lacks", words=["```"]),),
        markup="xml",
        opening=_opening,
    )
