"""A small sacctmgr: takes commands as it does, refuses what it refuses, and lists as it lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from provisioner.accounts.limits import ASSOCIATION, QOS, Setting, Value, from_slurm
from provisioner.accounts.policy import Key

Settings = dict[str, Value]
CLUSTER = "demo"
_ASSOCIATION = {setting.name: setting for setting in ASSOCIATION}
_QOS = {setting.name: setting for setting in QOS}


class RefusedError(AssertionError):
    """sacctmgr would not do this."""


def _need(condition: object, words: str) -> None:
    if not condition:
        raise RefusedError(words)


@dataclass
class Slurm:
    """The database of one cluster. `implied`: 22.05 lists coordinators below their accounts, 24.11 does not."""

    qos: dict[str, Settings] = field(default_factory=lambda: {"normal": {}})
    parents: dict[str, str] = field(default_factory=dict)
    associations: dict[Key, Settings] = field(default_factory=lambda: {Key("root"): {"QOS": ("normal",)}})
    users: dict[str, list[str]] = field(default_factory=dict)
    coordinators: set[tuple[str, str]] = field(default_factory=set)
    implied: bool = True
    flagged: set[str] = field(default_factory=set)

    def run(self, argv: Sequence[str]) -> None:
        """Takes one command."""
        assert argv[:2] == ("sacctmgr", "--immediate"), argv
        verb, entity, *words = argv[2:]
        where, _, options = self._parts(verb, words)
        assert where.pop("cluster", CLUSTER) == CLUSTER
        getattr(self, f"_{verb}_{entity}")(where, options)

    def _parts(self, verb: str, words: list[str]) -> tuple[dict[str, str], str, list[str]]:
        if "where" in words:
            assert words.pop(0) == "where"
        cut = words.index("set") if "set" in words else len(words)
        if verb == "add":
            named = ("name=", "cluster=", "account=", "partition=", "parent=", "DefaultAccount=", "names=")
            here = [word for word in words if word.startswith(named)]
            return dict(self._pair(word) for word in here), "", [word for word in words if word not in here]
        return dict(self._pair(word) for word in words[:cut]), "", words[cut + 1 :]

    @staticmethod
    def _pair(word: str) -> tuple[str, str]:
        key, _, value = word.partition("=")
        return key, value

    def _set(self, known: Mapping[str, Setting], there: Settings, words: Sequence[str]) -> None:
        for word in words:
            name, text = self._pair(word)
            setting = known[name]
            before = there.pop(name, None)
            if setting.kind == "tres":
                amounts: dict[str, Any] = {**_dict(before), **dict(self._pair(each) for each in text.split(","))}
                kept = tuple(sorted((key, int(number)) for key, number in amounts.items() if int(number) >= 0))
                if kept:
                    there[name] = kept
            elif text != setting.clear and (value := from_slurm(setting, text)) is not None:
                if setting.kind == "names":
                    assert isinstance(value, tuple)
                    _need(set(value) <= self.qos.keys(), f"unknown QOS in {value}")
                if name == "DefaultQOS":
                    _need(value in self.qos, f"unknown QOS {value}")
                there[name] = value

    def _line(self, account: str) -> list[str]:
        found = [account]
        while found[-1] != "root":
            found.append(self.parents[found[-1]])
            assert len(found) < 50
        return found

    def _may(self, key: Key) -> tuple[object, ...]:
        for place in [key, *(Key(account) for account in self._line(key.account))]:
            if found := self.associations[place].get("QOS"):
                assert isinstance(found, tuple)
                return found
        return ()

    def is_possible(self) -> bool:
        """Whether Slurm would have let anybody bring this about."""
        try:
            self._check_defaults(list(self.parents))
        except RefusedError:
            return False
        return True

    def _check_defaults(self, accounts: Sequence[str]) -> None:
        """Whoever is in or below these accounts may use their default QOS, their own or the one from above."""
        for key in self.associations:
            if not set(accounts) & set(self._line(key.account)):
                continue
            places = [key, *(Key(account) for account in self._line(key.account))]
            found = [self.associations[place].get("DefaultQOS") for place in places]
            default = next((each for each in found if each is not None), None)
            _need(default is None or default in self._may(key), f"{key} has no access to its default QOS")

    def _add_qos(self, where: dict[str, str], words: list[str]) -> None:
        _need(where["name"] not in self.qos, "nothing new added")
        self.qos[where["name"]] = {}
        self._set(_QOS, self.qos[where["name"]], words)

    def _modify_qos(self, where: dict[str, str], words: list[str]) -> None:
        _need(where["name"] in self.qos, "no such QOS")
        assert where["name"] != "normal"
        self._set(_QOS, self.qos[where["name"]], words)
        reached, rest = set(), [where["name"]]
        while rest:
            found = [str(each) for each in _names(self.qos[rest.pop()].get("Preempt")) if each not in reached]
            reached |= set(found)
            rest += found
        _need(where["name"] not in reached, "QOS Preemption loop detected")

    def _delete_qos(self, where: dict[str, str], words: list[str]) -> None:
        for name in where["name"].split(","):
            _need(name in self.qos and name != "normal", f"no QOS {name} to delete")
            held = [key for key, found in self.associations.items() if found.get("DefaultQOS") == name]
            _need(not held, f"associations have QOS {name} as their default")
            del self.qos[name]
            for settings in [*self.qos.values(), *self.associations.values()]:
                for option in ("QOS", "Preempt", "DefaultQOS"):
                    value = settings.get(option)
                    kept = tuple(each for each in value if each != name) if isinstance(value, tuple) else value
                    if kept in ((), name):
                        del settings[option]
                    elif kept is not None:
                        settings[option] = kept  # type: ignore[assignment]

    def _add_account(self, where: dict[str, str], words: list[str]) -> None:
        parent = where.get("parent", "root")
        _need(parent == "root" or parent in self.parents, f"no parent {parent}")
        for name in where["name"].split(","):
            _need(name not in self.parents and name != "root", "nothing new added")
            self.parents[name] = parent
            self.associations[Key(name)] = {}
            self._set(_ASSOCIATION, self.associations[Key(name)], words)
            self._check_defaults([name])

    def _modify_account(self, where: dict[str, str], words: list[str]) -> None:
        for name in where["name"].split(","):
            _need(name in self.parents, f"no account {name}")
            rest = []
            for word in words:
                if word.startswith("parent="):
                    parent = word.removeprefix("parent=")
                    _need(parent == "root" or parent in self.parents, f"no parent {parent}")
                    _need(parent == "root" or name not in self._line(parent), f"{name} cannot go below {parent}")
                    self.parents[name] = parent
                else:
                    rest.append(word)
            self._set(_ASSOCIATION, self.associations[Key(name)], rest)
            self._check_defaults([name])

    def _delete_account(self, where: dict[str, str], words: list[str]) -> None:
        for name in where["name"].split(","):
            _need(name in self.parents, f"nothing deleted: {name}")
            below = {each for each in self.parents if name in self._line(each)}
            for key in [key for key in self.associations if key.account in below]:
                del self.associations[key]
            for each in below:
                del self.parents[each]
            self.coordinators = {pair for pair in self.coordinators if pair[0] not in below}

    def _add_user(self, where: dict[str, str], words: list[str]) -> None:
        account = where["account"]
        _need(account == "root" or account in self.parents, f"no account {account}")
        for name in where["name"].split(","):
            key = Key(account, name, where.get("partition", ""))
            _need(key not in self.associations, "nothing new added")
            first = not any(each.user == name for each in self.associations)
            self.associations[key] = {}
            self.flagged.discard(name)
            user = self.users.setdefault(name, ["none", account])
            if first or "DefaultAccount" in where:
                user[1] = where.get("DefaultAccount", account)
            _need(any(each.user == name and each.account == user[1] for each in self.associations), "no such default")
            self._set(_ASSOCIATION, self.associations[key], words)
            self._check_defaults([account])

    def _modify_user(self, where: dict[str, str], words: list[str]) -> None:
        for name in where["name"].split(","):
            _need(name in self.users, f"no user {name}")
            if "account" in where:
                key = Key(where["account"], name, where["partition"])
                _need(key in self.associations, "nothing modified")
                self._set(_ASSOCIATION, self.associations[key], words)
                self._check_defaults([key.account])
                continue
            for word in words:
                option, value = self._pair(word)
                if option == "AdminLevel":
                    self.users[name][0] = value
                else:
                    assert option == "DefaultAccount"
                    mine = {each.account for each in self.associations if each.user == name}
                    _need(value in mine, f"{name} is not in {value}")
                    self.users[name][1] = value
                    self.flagged.add(name)

    def _delete_user(self, where: dict[str, str], words: list[str]) -> None:
        for name in where["name"].split(","):
            mine = [key for key in self.associations if key.user == name]
            if "account" in where:
                key = Key(where["account"], name, where["partition"])
                _need(key in mine, "nothing deleted")
                _need(self.users[name][1] != key.account, f"{key} is of the default account of {name}")
                del self.associations[key]
                continue
            _need(mine or name in self.users, "nothing deleted")
            whole = all(key.account == self.users[name][1] for key in mine) and name in self.flagged
            _need(not mine or (whole and "," not in where["name"]), "You can not remove the default account of a user")
            for key in mine:
                del self.associations[key]
            self.users.pop(name, None)
            self.coordinators = {pair for pair in self.coordinators if pair[1] != name}

    def _add_coordinator(self, where: dict[str, str], words: list[str]) -> None:
        for name in where["names"].split(","):
            _need(name in self.users and where["account"] in self.parents, "no such user or account")
            self.coordinators.add((where["account"], name))

    def _delete_coordinator(self, where: dict[str, str], words: list[str]) -> None:
        for name in where["names"].split(","):
            # Those that are coordinators of an account above: "Nothing removed", which is taken for fine.
            self.coordinators.discard((where["account"], name))

    def answers(self) -> dict[str, str]:
        """What the three reads print."""
        return {
            "qos": "\n".join("|".join([name, *_listed(QOS, found)]) for name, found in self.qos.items()),
            "associations": "\n".join(
                "|".join([key.account, key.user, key.partition, self._above(key), *_listed(ASSOCIATION, found)])
                for key, found in self.associations.items()
            ),
            "users": "\n".join(
                "|".join([name, admin.capitalize(), default, ",".join(self._managed(name))])
                for name, (admin, default) in {**self.users, "root": ["administrator", "root"]}.items()
            ),
        }

    def _above(self, key: Key) -> str:
        return "" if key.user else self.parents.get(key.account, "")

    def _managed(self, user: str) -> Iterator[str]:
        for account in self.parents:
            if (account, user) in self.coordinators or (
                self.implied and any((above, user) in self.coordinators for above in self._line(account))
            ):
                yield account


def _listed(known: Sequence[Setting], found: Mapping[str, Value]) -> Iterator[str]:
    for setting in known:
        value = found.get(setting.name, setting.default)
        yield "" if value is None else _text(setting, value)


def _names(value: Any) -> tuple[str, ...]:
    return value or ()


def _dict(value: Any) -> dict[str, int]:
    return dict(value or ())


def _text(setting: Setting, value: Value) -> str:
    if setting.kind == "tres":
        return ",".join(
            f"{key}={number}{'M' if key == 'mem' and number else ''}" for key, number in _dict(value).items()
        )
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if setting.kind == "factor":
        return f"{value:f}"
    if setting.kind in ("minutes", "seconds") or setting.name == "GraceTime":
        assert isinstance(value, int)
        seconds = value * 60 if setting.kind == "minutes" else value
        days, rest = divmod(seconds, 86400)
        clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
        return f"{days}-{clock}" if days else clock
    return str(value)
