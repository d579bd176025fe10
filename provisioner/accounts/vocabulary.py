"""The words for what is wrong with the shape of `accounts.yml`."""

from __future__ import annotations

from provisioner.accounts import fields, model
from provisioner.plan.fields import PLAIN_TEXT, SLURM_NAME, UNIX_NAME
from provisioner.plan.vocabulary import Vocabulary
from provisioner.plan.words import FORMS

_SLURM_NAME = "use small letters, digits, - . and _: Slurm folds names to small letters"
ACCOUNTS = Vocabulary(
    whole="the accounts file",
    models={
        (): model.Accounts,
        ("groups", "*"): model.Group,
        ("qos", "*"): model.Qos,
        ("qos", "*", "limits"): model.QosLimits,
        ("accounts", "*"): model.Account,
        ("accounts", "*", "limits"): model.Limits,
        ("users", "*"): model.User,
        ("users", "*", "accounts"): model.Membership,
        ("users", "*", "accounts", "*"): model.Membership,
        ("users", "*", "accounts", "limits"): model.Limits,
        ("users", "*", "accounts", "*", "limits"): model.Limits,
    },
    forms={
        UNIX_NAME: "use small letters, digits, - . and _, starting with a letter, at most 32: Slurm folds names "
        "to small letters",
        SLURM_NAME: _SLURM_NAME,
        fields.FOLDER: "use a plain path such as /home/ada",
        fields.SHELL: "use a plain path such as /bin/bash",
        fields.TRES: "use a resource of Slurm such as cpu, mem, node or gres/gpu",
        PLAIN_TEXT: FORMS[PLAIN_TEXT],
    },
    rights={
        "uid": f"write a number from {fields.LOWEST_ID} to {fields.HIGHEST_ID}: the others are the system's",
        "gid": f"write a number from {fields.LOWEST_ID} to {fields.HIGHEST_ID}: the others are the system's",
        "keys": "write a list of public keys",
        "users": "write one line for each, such as `ada: {uid: 2001, accounts: physics}`",
        "accounts": "write account names; under the top one line for each, such as `physics: {}`",
        "fairshare": "write a whole number, or parent",
    },
    names={
        "groups": "group name",
        "qos": "QOS name",
        "accounts": "account name",
        "users": "user name",
        "*": "resource",
    },
)
