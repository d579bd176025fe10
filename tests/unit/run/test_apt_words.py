"""apt's own words, as apt 2.6 and 3.0 print them, as one sentence that names the file, the line or the mirror."""

from __future__ import annotations

import pytest

from provisioner.run.apt_words import apt_cause
from provisioner.run.diagnose import diagnose

END = "\nE: The list of sources could not be read."
LIST, DEB822 = "/etc/apt/sources.list", "/etc/apt/sources.list.d/debian.sources"
SOME = "\nE: Some index files failed to download. They have been ignored, or old ones used instead."
RELEASE = "http://deb.example.org/debian/dists/bookworm/InRelease"
CASES = {
    f"E: Malformed entry 3 in list file {LIST} (Component){END}": f"line 3 of {LIST} is broken",
    f"E:Malformed entry 3 in list file {LIST} ([option] not assignment), E:The list": f"line 3 of {LIST} is broken",
    f"E: Malformed line 7 in source list {LIST} (type){END}": f"line 7 of {LIST} is broken",
    f"E: Type 'debb' is not known on line 1 in source list {LIST}{END}": f"line 1 of {LIST} is broken",
    f"E: Malformed entry 2 in sources file {DEB822} (Suite){END}": f"entry 2 of {DEB822} is broken",
    f"E: Type 'debb' is not known on stanza 1 in source list {DEB822}{END}": f"entry 1 of {DEB822} is broken",
    f"E: Unable to parse package file {DEB822} (1){END}": f"entry 1 of {DEB822} is broken",
    f"E: Failed to fetch {RELEASE}  Could not resolve 'deb.example.org'{SOME}": "deb.example.org does not resolve",
    f"W:Failed to fetch {RELEASE}  Temporary failure resolving 'deb.example.org'": "deb.example.org does not resolve",
    "E: The repository 'http://deb.example.org/debian nowhere Release' does not have a Release file.": (
        "the mirror http://deb.example.org/debian does not have this release"
    ),
    "E: Failed to fetch http://deb.example.org/x_1.deb  404  Not Found [IP: 10.0.0.1 80]": (
        "does not have http://deb.example.org/x_1.deb (404 Not Found)"
    ),
    f"E: Failed to fetch {RELEASE}  Could not connect to 127.0.0.1:9 (127.0.0.1). - connect (111: refused)": (
        "the mirror 127.0.0.1:9 takes no connection"
    ),
    f"E: Failed to fetch {RELEASE}  Unable to connect to 127.0.0.1:9:\n": "the mirror 127.0.0.1:9 takes no connection",
    f"E: Failed to fetch {RELEASE}  Connection timed out [IP: 10.0.0.1 80]": "deb.example.org takes no connection",
    "E: The repository 'http://deb.example.org/debian bookworm InRelease' is not signed.": (
        "does not believe the mirror http://deb.example.org/debian: its signature"
    ),
    f"E: Release file for {RELEASE} is not valid yet (invalid for another 2d 3h)": "what it has is of another time",
    f"E: Release file for {RELEASE} is expired (invalid since 9d)": "what it has is of another time",
}


@pytest.mark.parametrize("words", CASES)
def test_the_cause_is_one_sentence_and_no_raw_text(words: str) -> None:
    for result in ({"msg": words}, {"msg": "non-zero return code", "stderr": words, "rc": 100}):
        found = diagnose(result, "Install all packages", "ansible.builtin.apt")
        assert CASES[words] in found.message
        assert "\n" not in found.message
        assert found.evidence == ""
        assert found.next_step.endswith("then run again")
        assert found.ours


def test_other_words_are_not_apts() -> None:
    for words in ("", "E: Unable to locate package x", "Malformed entry 3", "dpkg was interrupted"):
        assert apt_cause(words) is None


def test_a_name_that_a_blade_makes_up_begins_no_step_of_ours() -> None:
    found = apt_cause("Could not resolve 'x;next:rm'")
    assert found is not None
    assert "next:" not in found[0]
