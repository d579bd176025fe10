"""What is to be done so that files, links and folders are as wanted, and doing it: all of it, or nothing."""

from __future__ import annotations

import base64
import re
import shlex

from ansible.module_utils.file_paths import Refused, owner, reach
from ansible.module_utils.file_reads import state
from ansible.module_utils.file_states import wanted_state
from ansible.module_utils.file_writes import put_folder, put_link, set_aside, stage

# Lines of a refused file that a person is shown.
SHORT = 10


class Unfit(Exception):
    """A file that its command does not accept; `evidence` has the lines that the command's words are about."""

    def __init__(self, words, evidence):
        super().__init__(words)
        self.evidence = evidence


def compare(entries):
    """`(entry, now, want)` of every entry, see `file_states.OPTIONS`, that is not as it should be.

    Raises:
        Refused: a folder is in the way of something else, or the other way round.
    """
    plan = []
    for entry in entries:
        now, want = state(entry["path"]), wanted_state(entry, content_of(entry))
        kinds = {now["kind"], want["kind"]}
        if len(kinds - {"absent"}) > 1 and "folder" in kinds:
            raise Refused(in_the_way(entry["path"], now["kind"], want["kind"]))
        if now != want:
            plan.append((entry, now, want))
    return plan


def content_of(entry):
    """The bytes of a file."""
    if entry["content_b64"] is not None:
        return base64.b64decode(entry["content_b64"])
    return (entry["content"] or "").encode()


def in_the_way(path, now, want):
    """Why something of another kind is left alone: a folder has content, and so may what a link leads to."""
    with reach(path) as place:
        whose = owner(place.status().st_uid)
    return (
        f"{path} is a {now} of {whose}, expected a {want}, and root neither follows nor removes it; "
        f"next: look at it with `ls -ld {path}` on the blade, put back what was there, and run again"
    )


def put(plan, run):
    """Stages and validates every file, then puts all in place; a refused file stops before the first. Returns notes.

    Args:
        plan: what `compare` found.
        run: runs a command and returns exit code, output and errors.

    Raises:
        Unfit: a file is not accepted.
        Refused: somebody else has his hands in it.
    """
    staged, notes = {}, []
    try:
        for entry, _, want in plan:
            if want["kind"] == "folder":
                aside = put_folder(entry)
                if aside:
                    noun = "entry" if aside == 1 else "entries"
                    notes.append(f"{aside} {noun} of {entry['path']} not root's, set aside as *.set-aside-*")
            elif want["kind"] == "file":
                staged[entry["path"]] = stage(entry, want["content"])
                words = validate(run, entry["validate"], staged[entry["path"]]) if entry["validate"] else ""
                if words:
                    raise Unfit(
                        f"{entry['path']} does not parse and was not put in place: {words.splitlines()[0]}"
                        "; next: correct what it is made from; the file in use stays as it was",
                        shown(readable(want["content"]), words),
                    )
        for entry, _, want in plan:
            if want["kind"] == "absent":
                notes.append(f"{entry['path']} was in the way and is kept as {set_aside(entry['path'])}")
            elif want["kind"] == "link":
                put_link(entry["path"], want["content"])
            elif want["kind"] == "file":
                staged.pop(entry["path"]).put()
    finally:
        for leftover in staged.values():
            leftover.drop()
    return notes


def validate(run, command, staged):
    """'' when the command accepts the file, its words otherwise.

    Raises:
        Refused: another account could change the file between its words and ours.
    """
    if not staged.place.roots:
        raise Refused(f"{staged.place.path} is below a folder that is not root's; next: `chown root` that folder")
    code, out, err = run([part.replace("%s", staged.path) for part in shlex.split(command)])
    return "" if code == 0 else (err or out).strip() or f"{command} exits with {code}"


def shown(text, words):
    """Of a refused file the numbered lines that the words are about, for a person's eyes; a short one whole."""
    lines = text.splitlines()
    named = {int(number) for number in re.findall(r"\bline (\d{1,6})\b", words)}
    spoken = set(re.findall(r"[\w.-]+", words.lower()))
    meant = [
        number
        for number, line in enumerate(lines, 1)
        if number in named or line.partition("=")[0].strip().lower() in spoken or len(lines) <= SHORT
    ]
    return "\n".join(f"{number:4}  {lines[number - 1]}" for number in meant[:SHORT])


def readable(content):
    """Content for a person's eyes."""
    return content.decode(errors="replace") if isinstance(content, bytes) else content
