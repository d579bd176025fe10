"""What munge says of a credential, as one sentence and the next step."""

from __future__ import annotations

from ansible.module_utils.slurm_commands import run

# Seconds; munged answers within milliseconds or not at all.
LIMIT = 5
# Exit codes of munge and unmunge (munge_err_t), and of a command that took too long.
SOCKET, EXPIRED, REWOUND, HANGS = 6, 15, 16, 124


def own_munge():
    """What is wrong with munge on this machine: its exit code and words, (0, '') when it works."""
    code, credential, words = run("munge", "-n", limit=LIMIT)
    if code == 0:
        code, _, words = run("unmunge", text=credential, limit=LIMIT)
    return code, (words.strip().splitlines() or [""])[0]


def munge_sentence(code, words):
    """`what is wrong; next: what to do`, for the controller's own munge."""
    if code == SOCKET:
        what = "munge does not run on the controller"
    elif code == HANGS:
        what = f"munge on the controller does not answer within {LIMIT} s"
    else:
        what = f"munge does not work on the controller ({words or f'exit code {code}'})"
    return f"{what}, and without it Slurm trusts nobody; next: run `systemctl restart munge` there and run again"


def credential_problem(code, whose):
    """Why a credential was not accepted, '' when it was.

    Args:
        code: exit code of unmunge.
        whose: who does not accept whose, such as "it does not accept the controller's".
    """
    if code == 0:
        return ""
    if code in (EXPIRED, REWOUND):
        return f"{whose} munge credential, since their clocks differ; set the clocks (chronyc makestep)"
    if code == SOCKET:
        return f"{whose} munge credential, since munge does not run there"
    return f"{whose} munge credential"
