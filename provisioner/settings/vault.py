"""Whether what a site has encrypted can be opened with the passwords that a run would have; nothing of it is kept."""

from __future__ import annotations

import re
from functools import cache

from provisioner.console_text import one_line

HEADER = "$ANSIBLE_VAULT;"
_PAYLOAD = re.compile(r"\$ANSIBLE_VAULT;[\w.;-]+\r?\n([0-9a-f]{2}|\s)+")
_NEXT = "export ANSIBLE_VAULT_PASSWORD_FILE=FILE with its password"
_ANEW = "encrypt it anew with `ansible-vault`"
_NOT, _DAMAGED = "is marked as encrypted and is not", "is encrypted, and damaged"


def opened(text: str) -> tuple[str, str]:
    """The plain text of an encrypted one and '', or '' and why it cannot be opened.

    Ansible itself does it, with the passwords that its own environment variables and files name, as a run does.
    """
    # A part of Ansible that takes a moment to load; a site without secrets never needs it.
    from ansible.errors import AnsibleError
    from ansible.parsing.vault import VaultLib

    if not text.lstrip().startswith(HEADER):
        return "", _NOT
    if not _PAYLOAD.fullmatch(text.strip()):
        return "", _DAMAGED
    secrets, trouble = _secrets()
    if not secrets:
        return "", trouble or "is encrypted, and no password is given"
    try:
        return VaultLib(secrets).decrypt(text.strip()).decode(), ""
    except (AnsibleError, UnicodeDecodeError):
        return "", "is encrypted with another password than the one that is given"


def remedy(trouble: str) -> str:
    """What would be right where something cannot be opened."""
    return _ANEW if trouble in (_NOT, _DAMAGED) else _NEXT


@cache
def _secrets() -> tuple[list[object], str]:
    """The passwords that a run would have, by their labels.

    Put together here: the part of Ansible that does it ends the process where the locale is not to its liking.
    """
    from ansible import constants
    from ansible.errors import AnsibleError
    from ansible.parsing.dataloader import DataLoader
    from ansible.parsing.vault import get_file_vault_secret

    named = [*constants.DEFAULT_VAULT_IDENTITY_LIST, constants.DEFAULT_VAULT_PASSWORD_FILE]
    found: list[object] = []
    try:
        for label, source in (_parts(str(each)) for each in named if each):
            # Nobody is there to be asked during a run.
            if not source.startswith("prompt"):
                secret = get_file_vault_secret(filename=source, vault_id=label, loader=DataLoader())
                secret.load()
                found.append((label, secret))
    except (AnsibleError, OSError) as error:
        return [], f"is encrypted, and its password cannot be read ({one_line(str(error))[:200]})"
    return found, ""


def _parts(named: str) -> tuple[str, str]:
    """`label@source` as its two parts; a plain file has the label of Ansible's own."""
    label, mark, source = named.rpartition("@")
    return (label or "default", source) if mark else ("default", named)
