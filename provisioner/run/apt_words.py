"""What apt says when it cannot get packages -> one sentence and the next step. Pure."""

from __future__ import annotations

import re

from provisioner.console_text import their_words

_SOURCES = "/etc/apt/sources.list* on it"
_THEN = ", try it with `apt-get update`, then run again"
_URL = r"'?(https?://[^\s']{1,300})"
# apt's words, the sentence and the next step; {0} and {1} are the first groups. First match wins: a cause stands before
# what apt says after it.
_WORDS = [
    (
        r"(?:Malformed (?:entry|line|stanza)|Type '[^']{1,60}' is not known on (?:line|stanza)) (\d{1,6}) in "
        r"(?:list|sources?) (?:list|file) (/[^\s]{1,300}\.list)(?![\w./-])",
        "apt cannot read its sources: line {0} of {1} is broken",
        f"correct that line on it, or put # before it{_THEN}",
    ),
    (
        r"(?:Malformed (?:entry|line|stanza)|Type '[^']{1,60}' is not known on (?:line|stanza)) (\d{1,6}) in "
        r"(?:list|sources?) (?:list|file) (/[^\s]{1,300})",
        "apt cannot read its sources: entry {0} of {1} is broken",
        f"correct that entry on it, or rename the file to *.disabled{_THEN}",
    ),
    (
        r"Unable to parse package file (/etc/apt/[^\s]{1,300}) \((\d{1,6})\)",
        "apt cannot read its sources: entry {1} of {0} is broken",
        f"correct that entry on it, or rename the file to *.disabled{_THEN}",
    ),
    (
        r"(?:Could not resolve|(?:Temporary failure|Something wicked happened) resolving) '([^'\s]{1,200})'",
        "apt cannot get the packages: the name of the mirror {0} does not resolve",
        f"check the blade's DNS (/etc/resolv.conf) and {_SOURCES}{_THEN}",
    ),
    (
        rf"The repository {_URL}.{{0,200}} does not have a Release file",
        "apt cannot get the packages: the mirror {0} does not have this release (404 Not Found, say)",
        f"correct the mirror in {_SOURCES}{_THEN}",
    ),
    (
        rf"Failed to fetch {_URL}\s+404 +Not Found",
        "apt cannot get the packages: the mirror does not have {0} (404 Not Found)",
        f"correct the mirror in {_SOURCES}, or wait until it is whole{_THEN}",
    ),
    (
        r"(?:Could not connect to|Cannot initiate the connection to|Unable to connect to) ([^\s]{1,200}?):?(?=\s|$)"
        r"|Failed to fetch '?https?://([^\s/']{1,200})\S{0,300}\s+Connection (?:failed|timed out)",
        "apt cannot get the packages: the mirror {0} takes no connection",
        f"check the blade's way to it (network, proxy, firewall) and {_SOURCES}{_THEN}",
    ),
    (
        rf"(?:repository|error|fetch)[^\n]{{0,80}}{_URL}[^\n]{{0,300}}(?:is not signed|NO_PUBKEY|EXPKEYSIG|BADSIG)",
        "apt does not believe the mirror {0}: its signature is missing, unknown or expired",
        f"put the right key beside the mirror in {_SOURCES}{_THEN}",
    ),
    (
        rf"Release file for {_URL} is (?:not valid yet|expired)",
        "apt does not believe the mirror {0}: what it has is of another time",
        f"check the blade's clock (date), and whether the mirror is still kept{_THEN}",
    ),
]


def apt_cause(words: str) -> tuple[str, str] | None:
    """The sentence and the next step for what apt says; None for words that are not apt's, or not known."""
    for pattern, sentence, step in _WORDS:
        if found := re.search(pattern, words):
            groups = [their_words(group, 300) for group in found.groups() if group]
            return sentence.format(*groups), step
    return None
