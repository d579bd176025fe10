"""Every problem of group_vars and host_vars, at its place, and none where there is none."""

from __future__ import annotations

import re
from pathlib import Path

import ansible
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.plan.load import load_plan
from provisioner.settings.check import check_settings, settings_problems
from provisioner.settings.problems import SettingsError
from provisioner.slurm.keys import KEYS
from tests.campaign.site_files import slurm_conf
from tests.campaign.slurm_reader import pairs

ROOT = Path(__file__).parents[3]
ROLES = ROOT / "roles"
PLAN = load_plan(ROOT / "inventories" / "asgard" / "plan.yml")

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
    "whatever YAML can say in a variable of one's own": (
        "my_mode: 0644\nmy_time: 12:30:00\nmy_list: [1_000, .5, .inf, 0x1f, 2026-01-01]\n"
        'my_bytes: !!binary "AAEC"\nmy_set: !!set {a, b}\nmy_map: {1: a, yes: b}\n'
    ),
    "keys of Slurm in any case": (
        "slurmctld_config: {messagetimeout: 60}\nslurmctld_cgroup_config: {ConstrainCores: true}\n"
        "slurmdbd_config: {PurgeJobAfter: 24months, commitdelay: 1}\nmariadb_config: {max_connections: 200}\n"
    ),
    "keys that a template makes": "slurmctld_config: \"{{ my_keys | combine({'A': 1}) }}\"\nmy_keys: {}\n",
    "filters": (
        "my_keys: \"{{ [1] | map('string') | list | combine({}) | my.own.filter | slurm_choice | community.x.y }}\"\n"
    ),
    "a merge": "my_keys: &keys {MessageTimeout: 60}\nslurmctld_config:\n  <<: *keys\n  PrivateData: jobs\n",
    "line ends of another system": "\ufeffbase_domain: a.example\r\nslurmctld_config:\r\n  MessageTimeout: 60\r\n",
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
    "a misspelt key of slurmdbd": (
        "slurmdbd_config:\n  PurgeJobsAfter: 24months\n",
        ["2:3: slurmdbd_config: PurgeJobsAfter is no key of slurmdbd.conf in Slurm 22.05 or 24.11; did you mean"],
    ),
    "another database than the plan's": (
        "slurmctld_config:\n  MessageTimeout: 60\n  AccountingStorageHost: elsewhere\n",
        ["3:3: slurmctld_config may not set AccountingStorageHost: the plan and the registry say it; correct it"],
    ),
    "keys of the database that the roles say": (
        "slurmdbd_config:\n  DbdPort: 7000\n  storagepass: x\nmariadb_config:\n  a: 1\n  port: 3307\n",
        [
            "2:3: slurmdbd_config may not set DbdPort: ",
            "3:3: slurmdbd_config may not set storagepass: ",
            "6:3: mariadb_config may not set port: ",
        ],
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
    "a port of Slurm": ("slurmctld_config:\n  SlurmctldPort: 1\n", ["2:3: slurmctld_config may not set SlurmctldPort"]),
    "keys that are not the site's": (
        "slurmctld_config:\n  KillWait: 30\n  NodeName: x\n  SlurmdPort: 7000\n  Message Timeout: 60\n",
        [
            "3:3: slurmctld_config may not set NodeName",
            "4:3: slurmctld_config may not set SlurmdPort",
            "5:3: slurmctld_config has keys that are none of Slurm's: 'Message Timeout'",
        ],
    ),
    "a key twice in other letters": (
        "slurmctld_config:\n  KillWait: 30\n  killwait: 31\n",
        ["1:1: slurmctld_config sets killwait twice"],
    ),
    "a value that Slurm cuts": (
        "slurmctld_config:\n  MailProg: a b\n",
        ["2:3: slurmctld_config: MailProg has a blank"],
    ),
    "a misspelt key of slurm.conf": (
        "slurmctld_config:\n  MesageTimeout: 60\n  KillWait: 30\n",
        ["2:3: slurmctld_config: MesageTimeout is no key of slurm.conf in Slurm 22.05 or 24.11; did you mean"],
    ),
    "a misspelt key of cgroup.conf": (
        "slurmctld_cgroup_config: {ConstrainCore: true}\n",
        ["1:27: slurmctld_cgroup_config: ConstrainCore is no key of cgroup.conf"],
    ),
    "a key of neither": ("slurmctld_config: {Zzz: 1}\n", ["1:20: slurmctld_config: Zzz is no key of slurm.conf"]),
    "an account that would be root": ("base_users: {slurm: 0}\n", ["1:1: base_users: 'slurm' needs a number from 1"]),
    "an account without a number": ("base_users: {slurm: x}\n", ["1:1: base_users: 'slurm' needs a number from 1"]),
    "more than a time server": (
        'base_time_source: "192.0.2.1\\nallow all"\n',
        ["1:1: base_time_source is no address or name of a time server"],
    ),
    "marked as encrypted": ("my_words: !vault hello\n", ["1:11: my_words is marked as encrypted and is not"]),
    "damaged": ("$ANSIBLE_VAULT;1.1;AES256\n6162zz\n", ["1:1: is encrypted, and damaged"]),
    "a tab": ("slurmctld_config:\n\tMessageTimeout: 60\n", ["2:1: a tab in the indentation"]),
    "an alias that is in itself": ("a: &a [*a]\n", ["1:8: *a contains itself"]),
    "an alias without an anchor": ("base_domain: *x\n", ["1:14: this alias has no anchor"]),
    "twice, further in": (
        "slurmctld_config:\n  KillWait: 60\n  KillWait: 61\n",
        ["3:3: duplicate key `KillWait` (first on line 2)"],
    ),
    "a misspelt filter": (
        'base_domain: "{{ my_word | defualt(1) }}"\n',
        ["1:14: base_domain: there is no filter defualt; did you mean default?"],
    ),
    "a misspelt filter of Ansible": (
        "my_keys: \"{{ {} | combin({}) | regex_replce('a', 'b') }}\"\n",
        [
            "1:10: my_keys: there is no filter combin; did you mean combine?",
            "1:10: my_keys: there is no filter regex_replce; did you mean regex_replace?",
        ],
    ),
    "no template": ('my_words: "{{ a | "\n', ["1:11: my_words: a template that does not parse"]),
    "a template in a list": ('my_words: [a, "{% if %}"]\n', ["1:15: my_words[1]: a template that does not parse"]),
    "twice": ("base_domain: a\nbase_domain: b\n", ["2:1: duplicate key `base_domain` (first on line 1)"]),
    "no YAML": ("a: b: c\n", ["1:5: a `:` where no key can be"]),
    "a list": ("- a\n", ["1:1: these are no variables"]),
    "text": ("words\n", ["1:1: these are no variables"]),
    "an unknown tag": ("a: !!python/name:os.system x\n", ["1:4: there is no tag !!python/name:os.system here"]),
    "a number of base 60": ("base_apt_patience: 1:30\n", ["1:20: YAML reads 1:30 as a number of base 60"]),
    "a date": ("slurmctld_config: {PluginDir: 2026-11-25}\n", ["1:31: YAML reads 2026-11-25 as a date"]),
    "the equals sign": ("my_sign: =\n", ["1:10: YAML does not read a bare = as text"]),
    "the sign of a merge": ("base_domain: [<<]\n", ["1:15: YAML does not read a bare << as text"]),
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


def test_a_site_whose_plan_has_no_accounting_may_name_a_database_of_its_own(tmp_path: Path) -> None:
    text = "slurmctld_config: {AccountingStorageHost: elsewhere}\n"
    assert len(found(tmp_path, text)) == 1
    without = PLAN.model_copy(update={"accounting": False})
    assert [*settings_problems(without, tmp_path, ROLES)] == []


def test_no_name_of_ansible_is_taken_for_a_misspelt_one(tmp_path: Path) -> None:
    """All that its own plugins for connections, other accounts and shells read, as their documentation says."""
    plugins = Path(ansible.__file__).parent / "plugins"
    files = [
        file for kind in ("connection", "become", "shell", "doc_fragments") for file in (plugins / kind).glob("*.py")
    ]
    names = {name for file in files for name in re.findall(r"name: *(ansible_\w+)", file.read_text())}
    assert len(names) > 80
    assert found(tmp_path, "".join(f"{name}: x\n" for name in sorted(names))) == []


def test_every_key_that_the_project_sets_itself_is_one_of_slurm() -> None:
    ours = {key for key, _ in pairs(slurm_conf({}))[0]}
    known = {key.lower() for key in KEYS["slurmctld_config"][1]}
    # Keys of a node or partition stand in lines of their own.
    assert {"clustername", "messagetimeout", "nodename"} <= ours & known
    of_lines = {"nodeaddr", "nodehostname", "cpus", "boards", "sockets", "socketsperboard", "corespersocket", "state",
                "threadspercore", "realmemory", "tmpdisk", "nodes", "default", "maxtime", "prioritytier", "feature",
                "defaulttime", "features", "weight", "gres", "memspeclimit"}  # fmt: skip
    assert ours - known - of_lines == set()


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
