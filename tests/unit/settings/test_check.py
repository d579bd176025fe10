"""Every problem of group_vars and host_vars, at its place, and none where there is none."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.plan.load import load_plan
from provisioner.settings.check import SettingsError, check_settings, settings_problems

ROOT = Path(__file__).parents[3]
ROLES = ROOT / "roles"
PLAN = load_plan(ROOT / "inventories" / "asgard" / "plan.yml")
PASSWORD, CANARY = "open sesame", "c4n4ry-of-the-site"

GOOD = {
    "nothing": "",
    "comments": "---\n# nothing yet\n",
    "settings of Slurm": "slurmctld_config: {MessageTimeout: 60, UnkillableStepTimeout: null}\n",
    "packages": "base_extra_packages: [htop, numactl]\n",
    "a template": 'base_extra_packages: "{{ my_packages }}"\nmy_packages: [htop]\n',
    "names of one's own": "my_prompt: x\nsite_name: {a: [1]}\n",
    "names of Ansible": "ansible_become_password: x\nansible_connection: ssh\n",
    "a name of a plugin": "ansible_nxos_something: x\n",
    "a number as text": "base_domain: 7\n",
    "unsafe text": "my_words: !unsafe 'a {{ b'\n",
    "a knob": "provision_lock_silence: 120\n",
}
BAD: dict[str, tuple[str, list[str]]] = {
    "misspelt": (
        "slurmctld_confg: {}\n",
        ["1:1: no role takes slurmctld_confg; did you mean slurmctld_config or "],
    ),
    "of a role that has none like it": ("munge_colour: red\n", ["1:1: no role takes munge_colour; "]),
    "misspelt name of Ansible": (
        "\nansible_becom_password: x\n",
        ["2:1: no role takes ansible_becom_password; "],
    ),
    "text for a list": ("base_extra_packages: htop\n", ["1:22: base_extra_packages: text, where a list such as"]),
    "a list for keys": ("slurmctld_config: [1]\n", ["1:19: slurmctld_config: a list, where keys with values such as"]),
    "nothing for keys": ("slurmctld_config:\n", ["1:18: slurmctld_config: nothing, where keys with values"]),
    "text for a number": ("base_apt_patience: soon\n", ["1:20: base_apt_patience: text, where a whole number"]),
    "true for text": ("base_domain: yes\n", ["1:14: base_domain: true, where text is wanted"]),
    "a list in a list": ("base_extra_packages: [[a]]\n", ["1:23: base_extra_packages[0]: a list, where text"]),
    "an unknown key": (
        "base_hosts: [{name: a, id: A, address: 10.0.0.1, addres: x}]\n",
        ["1:50: base_hosts[0].addres: there is no key addres here; did you mean address?"],
    ),
    "a missing key": ("base_hosts: [{name: a, id: A}]\n", ["1:14: base_hosts[0]: the key address is missing"]),
    "a port of Slurm": ("slurmctld_config:\n  SlurmctldPort: 1\n", ["1:1: slurmctld_config may not set SlurmctldPort"]),
    "a value that Slurm cuts": (
        "slurmctld_config:\n  MailProg: a b\n",
        ["2:3: slurmctld_config: MailProg has a blank"],
    ),
    "no template": ('my_words: "{{ a | "\n', ["1:11: my_words: a template that does not parse"]),
    "a template in a list": ('my_words: [a, "{% if %}"]\n', ["1:15: my_words[1]: a template that does not parse"]),
    "twice": ("base_domain: a\nbase_domain: b\n", ["2:1: duplicate key `base_domain` (first on line 1)"]),
    "no YAML": ("a: b: c\n", ["1:5: a `:` where no key can be"]),
    "a list": ("- a\n", ["1:1: these are no variables"]),
    "text": ("words\n", ["1:1: these are no variables"]),
    "an unknown tag": ("a: !!python/name:os.system x\n", ["1:4: there is no tag !!python/name:os.system here"]),
    "a number of base 60": ("base_apt_patience: 1:30\n", ["1:20: YAML reads 1:30 as a number of base 60"]),
    "all of it": (
        "base_domain: [x]\nslurmctld_confg: 1\n",
        ["1:14: base_domain: a list, where text", "2:1: no role takes slurmctld_confg"],
    ),
}


def found(site: Path, text: str, name: str = "group_vars/all.yml") -> list[str]:
    file = site / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return [str(problem) for problem in sorted(settings_problems(PLAN, site, ROLES))]


@pytest.mark.parametrize("case", GOOD)
def test_good_variables_have_no_problem(tmp_path: Path, case: str) -> None:
    assert found(tmp_path, GOOD[case]) == []


@pytest.mark.parametrize("case", BAD)
def test_a_problem_is_told_at_its_place(tmp_path: Path, case: str) -> None:
    text, starts = BAD[case]
    lines = found(tmp_path, text)
    assert len(lines) == len(starts), lines
    for line, start in zip(lines, starts, strict=True):
        assert line.startswith(f"group_vars/all.yml:{start}"), line
        assert "; " in line.removeprefix("group_vars/all.yml:"), "what would be right"


def test_the_site_of_the_project_has_no_problem() -> None:
    check_settings(PLAN, ROOT / "inventories" / "asgard", ROLES)


def test_a_site_without_variables_has_no_problem(tmp_path: Path) -> None:
    check_settings(PLAN, tmp_path, ROLES)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "group_vars/tier_medum.yml",
            "there is no group tier_medum, so nobody reads it; did you mean tier_medium?",
        ),
        ("group_vars/slurm_compute/more.yml", ""),
        ("host_vars/bld-008.yml", ""),
        ("host_vars/BLD-008.yml", "there is no host BLD-008, so nobody reads it; did you mean bld-008"),
        ("group_vars/all.txt", "Ansible does not read a file with this ending"),
        ("group_vars/all/part.yaml", ""),
        ("group_vars/all.json", ""),
        ("group_vars/.all.yml.swp", ""),
        ("group_vars/all.yml~", ""),
    ],
)
def test_a_file_that_nobody_reads_is_a_problem(tmp_path: Path, name: str, words: str) -> None:
    lines = found(tmp_path, "", name)
    assert lines == [] if not words else [line for line in lines if words in line] == lines != []


def test_a_file_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    place = tmp_path / "group_vars"
    place.mkdir()
    (place / "all.yml").write_bytes(b"a: \xff\n")
    assert [str(each) for each in settings_problems(PLAN, tmp_path, ROLES)] == [
        "group_vars/all.yml:1:4: byte 0xff is not UTF-8; save the file as UTF-8"
    ]


def test_all_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    found(tmp_path, "base_domain: [x]\n", "group_vars/tier_thin.yml")
    found(tmp_path, "base_extra_packages: htop\n", "host_vars/bld-008.yml")
    with pytest.raises(SettingsError) as error:
        check_settings(PLAN, tmp_path, ROLES)
    assert error.value.message.startswith("the variables beside the plan have 2 problems\n")
    assert int(error.value.exit_code) == 2
    told = error.value.as_dict()["problems"]
    assert [(each["file"], each["line"], each["col"]) for each in told] == [
        (str(tmp_path / "group_vars/tier_thin.yml"), 1, 14),
        (str(tmp_path / "host_vars/bld-008.yml"), 1, 22),
    ]


@given(
    st.one_of(st.text(), st.from_regex(r"(base|slurmctld)_[a-z_]{1,12}: [\[{\"'a-z0-9:, }\]]{0,20}\n", fullmatch=True))
)
def test_whatever_stands_there_is_a_problem_or_none(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.mktemp("site") / "group_vars" / "all.yml"
    file.parent.mkdir()
    file.write_bytes(text.encode(errors="surrogatepass"))
    for problem in settings_problems(PLAN, file.parents[1], ROLES):
        assert str(problem).isprintable()


def encrypt(text: str, folder: Path) -> str:
    password = folder / "password"
    password.write_text(PASSWORD)
    command = [str(Path(sys.executable).with_name("ansible-vault")), "encrypt", f"--vault-password-file={password}"]
    done = subprocess.run([*command, "--output=-"], input=text, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize(
    ("password", "words"),
    [(PASSWORD, ""), ("other", "is encrypted with another password"), (None, "is encrypted, and no password is given")],
)
@pytest.mark.parametrize("whole", [True, False])
def test_what_is_encrypted_is_opened_and_never_shown(
    tmp_path: Path, whole: bool, password: str | None, words: str
) -> None:
    """With the password that a run would have; in a process of its own, since Ansible asks for it only once."""
    secret = encrypt(f"base_domain: [{CANARY}]\n" if whole else CANARY, tmp_path)
    text = secret if whole else "my_words: !vault |\n" + "".join(f"  {line}\n" for line in secret.splitlines())
    shutil.copy(ROOT / "inventories" / "asgard" / "plan.yml", tmp_path)
    found_file = tmp_path / "group_vars" / "all.yml"
    found_file.parent.mkdir()
    found_file.write_text(text)
    given = tmp_path / "given"
    given.write_text(password or "")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    if password:
        environment["ANSIBLE_VAULT_PASSWORD_FILE"] = str(given)

    command = [sys.executable, "-m", "provisioner", "check", f"--plan={tmp_path / 'plan.yml'}", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment, check=False)

    said = json.loads(done.stdout)
    assert CANARY not in done.stdout + done.stderr
    told = [each["wrong"] for each in said["problems"]]
    expected = [words] if words else ["base_domain: a list, where text is wanted"] if whole else []
    assert len(told) == len(expected), told
    assert all(want in have for want, have in zip(expected, told, strict=True)), told
    assert done.returncode == (2 if expected else 0)
