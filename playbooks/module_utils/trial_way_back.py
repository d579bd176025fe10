"""What a node takes a trial back by: a shell script, run by a timer, and by a service at boot; see `trial`."""

from __future__ import annotations

SCRIPT = """\
#!/bin/sh
# Written by provision. Takes back what is on trial, unless it was confirmed. A timer runs it, and a service at boot.
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
cd -- {folder} || exit 1
exec 9> lock && flock 9 || exit 1
[ -e {pending} ] || exit 0
whole=1
back() {{
  cp --archive -- "$1" "$2.provision-back" && {{ [ -L "$1" ] || sync -- "$2.provision-back"; }} &&
    mv --no-target-directory -- "$2.provision-back" "$2" || whole=
}}
{files}
{{ {undo}; }} || whole=
[ "$whole" ] || exit 1
mv -- {pending} {taken} && sync -- .
"""
SERVICE = """\
# Written by provision. A change that was not confirmed does not outlive a boot.
[Unit]
Description=Takes back what is on trial and was not confirmed: {name}
ConditionPathExists={folder}/{pending}
DefaultDependencies=no
After=local-fs.target
Before=network-pre.target nftables.service ssh.service multi-user.target shutdown.target
Conflicts=shutdown.target
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/bin/sh {folder}/take-back
Restart=on-failure
RestartSec=5

[Install]
WantedBy=multi-user.target
"""
TIMER = """\
# Written by provision.
[Unit]
Description=Takes back what is on trial and is not confirmed in time: {name}

[Timer]
OnActiveSec={patience}
AccuracySec=1
"""
