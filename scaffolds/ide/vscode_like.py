"""vscode_like: an editor's agent with camelCase keys and context tags (after vscode-copilot-chat, MIT)."""

from __future__ import annotations

from perturb.core.registry import scaffold
from perturb.core.scaffold import Scaffold
from perturb.core.values import Case, Intent, Param, Result, Section, Tool, World
from perturb.scaffolding.wording import streams
from perturb.scaffolding.wording_defaults import worded
from perturb.scaffolds.pieces import environment_lines, memory_block, meta, optional, param, rule


def _path(name: str, description: str) -> Param:
    return param(name, "path", "string", description, ("path", "absolute"))


def _why(example: str) -> Param:
    return meta("explanation", "string", "One sentence for the user: what this does and why", example)


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
        "Replace one occurrence of a text in an existing file. oldString has to match exactly, white "
        "space included, and to hold enough lines around the change to occur only once. Call it once for "
        "every place to change.",
        "fs.edit",
        (
            _path("filePath", "Absolute path of the file"),
            param("oldString", "old", "string", "The exact text to replace"),
            param("newString", "new", "string", "The text to replace it with"),
        ),
    ),
    Tool(
        "create_file",
        "Create a file with the content given. Directories that are missing are made. Not meant for "
        "changing a file that exists.",
        "fs.write",
        (_path("filePath", "Absolute path of the file"), param("content", "content", "string", "Its content")),
    ),
    Tool(
        "list_dir",
        "List a directory. A name that ends in / is a folder.",
        "fs.list",
        (_path("path", "Absolute path of the directory"),),
    ),
    Tool(
        "file_search",
        "Find files in the workspace by a glob pattern. Returns paths only. Useful when a part of the "
        "file's name is known.",
        "fs.find",
        (param("query", "glob", "string", "The glob, e.g. **/*.ts"),),
    ),
    Tool(
        "grep_search",
        "Search the text of the files in the workspace. Returns each line that matches with its file and number.",
        "fs.grep",
        (
            param("query", "pattern", "string", "A regular expression"),
            meta("isRegexp", "boolean", "Whether the query is one; plain words are one too", True),
            optional("includePattern", "include", "string", "Only files that match this glob"),
        ),
    ),
    Tool(
        "fetch_webpage",
        "Get the main text of web pages, for instance of a documentation that the user has named.",
        "web.fetch",
        (
            param("urls", "url", "array", "The address, in a list", ("wrap",), items={"type": "string"}),
            optional("query", "goal", "string", "What to look for on it"),
        ),
    ),
    Tool(
        "run_in_terminal",
        "Run a command in the editor's terminal, from the workspace folder. Do not use it to change files, and "
        "do not start a second one before the first has answered.",
        "shell.run",
        (
            param("command", "command", "string", "The command"),
            _why("Runs the command that the task needs."),
            param("isBackground", "background", "boolean", "Whether it keeps running"),
            optional("timeout", "timeout_s", "number", "Seconds to wait"),
        ),
    ),
)


_ROLE = """\
You are the agent of a code editor. The user works beside you in the same workspace and sees every change as \
you make it. Follow the user's requirements carefully and to the letter. Gather the context you need instead \
of assuming things, and go on until the request is settled."""

_TOOL_USE = """\
- Give paths to files and folders in absolute form.
- Read the part of a file that you are about to change, and prefer one large read to many small ones.
- Searches and reads that do not depend on each other may be called together; run only one terminal command at \
a time and wait for its output.
- When you say that you will do something, do it in the same reply. The user does not have to be asked before \
a tool is used.
- Do not mention the names of tools to the user: say what you do, such as running the tests."""

_EDITING = """\
- Change files with the editing tools, never through the terminal.
- Do not print a code block with a change in it; make the change.
- Give enough unchanged text around a replacement for it to occur only once.
- Follow the style of the file. After a change see whether the editor reports new problems in it."""

_OUTPUT = """\
Write Markdown. Put names of files and symbols in backticks. Keep to a few sentences unless more was asked \
for. The context and attachments around a request come from the editor; use them where they help and pass over \
them where they do not."""


def _sections(world: World) -> tuple[Section, ...]:
    return (
        Section("instructions", _ROLE),
        Section("toolUseInstructions", _TOOL_USE),
        Section("editFileInstructions", _EDITING),
        Section("outputFormatting", _OUTPUT),
        Section("workspace", environment_lines(world)),
    )


def _file(result: Result, _world: World) -> str:
    data = result.data
    head = f"File: `{data['path']}`. Lines {data['start']} to {data['end']} ({data['total']} lines total):"
    if not data["text"]:
        return f"The file `{data['path']}` exists and is empty."
    return f"{head}\n```\n{data['text'].rstrip(chr(10))}\n```"


def _matches(result: Result, _world: World) -> str:
    found = result.data["matches"]
    blocks = [f'<match path="{m["path"]}" line="{m["line"]}">\n{m["text"]}\n</match>' for m in found]
    return "\n".join([f"{len(found)} match" + ("" if len(found) == 1 else "es"), *blocks])


def _shell(result: Result, _world: World) -> str:
    data = result.data
    text = streams(data)
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
    blocks.append("<reminder>\nKeep going until the request is settled. What follows is the request.\n</reminder>")
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
        serves=("cli", "ide", "service", "imported", "recorded"),
        rules=(
            rule("Write no code blocks in messages to the user.", "text.lacks", words=["```"]),
            rule("Give every path in absolute form.", "args.absolute_paths"),
        ),
        markup="xml",
        opening=_opening,
    )
