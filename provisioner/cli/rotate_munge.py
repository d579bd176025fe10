"""`provision rotate munge`: looks, says what speaks against it, and lets all members change their key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from provisioner.cli.say import answer

if TYPE_CHECKING:
    from provisioner.run.converge import Finished
    from provisioner.slurm.rotation import Verdict

LOOK_TASK, WAIT_TASK = "Look at munge", "Wait until the key has changed"


@dataclass(frozen=True)
class Asked:
    """What a person said."""

    without: str | None
    undo: bool
    finish: bool
    check: bool
    as_json: bool


@dataclass(frozen=True)
class Rotation:
    """One command over the members of a plan."""

    asked: Asked
    site: Any
    plan_file: Any
    console: Any
    blades: Sequence[str]

    def look(self) -> Verdict:
        """What is there, of every member.

        Raises:
            typer.Exit: one does not answer; that is said.
        """
        from provisioner.cli.summary import print_summary
        from provisioner.errors import ExitCode
        from provisioner.names import host_name
        from provisioner.run.converge import look
        from provisioner.slurm.rotation import judge

        finished = look(self._run("look", self.blades), self.console)
        found = {name: finished.results.get(host_name(name), {}).get(LOOK_TASK) for name in self.blades}
        failed = finished.outcome.failures()
        good = {name: seen for name, seen in found.items() if seen is not None and name not in failed}
        if len(good) == len(found) and finished.outcome.code == ExitCode.OK:
            return judge(good, self.site.cluster.controller, self.asked.undo)
        away = [name for name in found if name not in good]
        print_summary(self.console, finished.outcome, check=True)
        where = f"--without {','.join(away)}, and a later run gives them the key"
        if self.site.cluster.controller in away:
            where = "mend the controller first"
        self.say(f"nothing was touched: {', '.join(away)} did not answer as it should", f"  next: mend it, or {where}")
        self.end(ExitCode.FAILED, missing=away, run=finished.outcome.as_dict())
        raise AssertionError

    def change(self, step: str, verdict: Verdict) -> Finished:
        """Lets the members change their key, or proves that they did."""
        from provisioner.run.converge import converge

        return converge(self._run(step, verdict.nodes), self.console)

    def say(self, *lines: str) -> None:
        """Lines for a person."""
        for line in lines:
            self.console.print(line, markup=False, soft_wrap=True)

    def end(self, code: int, **more: Any) -> None:
        """The end of the command."""
        from provisioner.errors import ExitCode

        if self.asked.as_json:
            answer({"exit_code": int(code), "meaning": ExitCode(code).meaning, "check": self.asked.check, **more})
        raise typer.Exit(int(code))

    def _run(self, step: str, blades: Sequence[str]) -> Any:
        from functools import partial

        from provisioner.names import host_name
        from provisioner.plan.derive import spelling
        from provisioner.run.owner import account
        from provisioner.run.request import Options, PlaybookRun
        from provisioner.slurm.cluster_words import cluster_words, looked_at

        others = [host_name(name) for name in blades if name != self.site.cluster.controller]
        asked = {"step": step, "undo": self.asked.undo, "by": account(), "nodes": others}
        options = Options(extra={"provision_rotate": asked, "provision_verify_strangers": False})
        tell = partial(cluster_words, blades=spelling(self.site))
        quiet = self.asked.as_json or step == "look"
        return PlaybookRun(self.site, self.plan_file, blades, "rotate.yml", options, quiet, tell, looked_at)


def rotate(asked: Asked, plan: Any) -> None:
    """Does what was asked for.

    Raises:
        UsageError: that cannot be; nothing was touched.
        BusyError: another run works on the cluster.
    """
    from provisioner.cli.output import console_for
    from provisioner.paths import find_plan
    from provisioner.settings.site import load_site

    plan_file = find_plan(plan)
    site = load_site(plan_file)
    command = Rotation(asked, site, plan_file, console_for(asked.as_json), _blades(site, asked.without))
    if asked.finish and not asked.check:
        _finish(command)
    verdict = command.look()
    said = {"nodes": list(verdict.nodes), "left_out": list(verdict.strangers), "expected": verdict.seconds}
    said |= {"undo": verdict.undo, "last": verdict.last}
    if verdict.problems:
        command.say("nothing was touched:")
        for name, problem in verdict.problems.items():
            what, _, step = problem.partition("; next: ")
            command.say(f"{name}: {what}", f"  next: {step}")
        command.end(1, **said, problems=dict(verdict.problems))
    if verdict.strangers:
        command.say(f"{', '.join(verdict.strangers)}: no member yet, and has no key to change")
    if asked.check:
        _preview(command, verdict)
        command.end(0, **said)
    _change(command, verdict, said)


def _blades(site: Any, without: str | None) -> list[str]:
    from provisioner.errors import UsageError
    from provisioner.plan.derive import accounting_host, members
    from provisioner.plan.select import select_nodes

    left = select_nodes(site, without) if without is not None else []
    for name in (site.cluster.controller, accounting_host(site)):
        if name in left:
            raise UsageError(f"{name} has to be there: without it there is no cluster", "leave it out of --without")
    return [name for name in members(site) if name not in left]


def _preview(command: Rotation, verdict: Verdict) -> None:
    from provisioner.slurm.rotation import intent

    if command.asked.finish:
        command.say("would remove the key of before" if verdict.undo else "there is no key of before to remove")
    elif verdict.unfinished:
        command.say(f"would prove the key of {verdict.last}, whose rotation was stopped")
    else:
        command.say(intent(verdict, command.asked.undo))


def _finish(command: Rotation) -> None:
    from provisioner.slurm.rotation import Verdict

    done = command.change("finish", Verdict((command.site.cluster.controller,)))
    code = int(done.outcome.code)
    there = bool(done.outcome.changed())
    if code == 0:
        command.say("the key of before is removed" if there else "there was no key of before")
    else:
        from provisioner.cli.summary import print_summary

        print_summary(command.console, done.outcome)
    command.end(code, removed=there, run=done.outcome.as_dict())


def _change(command: Rotation, verdict: Verdict, said: dict[str, Any]) -> None:
    from provisioner.cli.summary import print_summary
    from provisioner.names import host_name
    from provisioner.slurm.rotation import KEPT_DAYS, SWITCHED, result

    proves = verdict.unfinished
    if proves:
        command.say(f"the rotation of {verdict.last} was stopped after the change; this proves it")
    finished = command.change("prove" if proves else "switch", verdict)
    own = finished.results.get(host_name(command.site.cluster.controller), {})
    came = {"stage": SWITCHED, "away": verdict.seconds} if proves else result(own.get(WAIT_TASK))
    if not command.asked.as_json:
        print_summary(command.console, finished.outcome)
    if came["stage"] == SWITCHED:
        if not proves:
            away = "some seconds" if came["away"] is None else f"{came['away']:g} s"
            command.say(f"munge's key is another one; no job started for {away}")
        command.say(
            f"the key of before is kept on the controller for {KEPT_DAYS} days: `provision rotate munge --undo` takes "
            "it back, `provision rotate munge --finish` removes it"
        )
        if command.asked.without:
            command.say(f"next: `provision slurm --nodes {command.asked.without}` once they are back")
    command.end(int(finished.outcome.code), **said, **came, proved_only=proves, run=finished.outcome.as_dict())
