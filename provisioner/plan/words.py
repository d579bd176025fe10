"""What would be right, for each form, key and kind of mistake in a plan."""

from __future__ import annotations

from provisioner.names import FORM, NAME
from provisioner.plan import fields

# Which pattern a text is not of.
FORMS = {
    NAME: FORM,
    fields.NODE_NAMES: FORM,
    fields.WORD: "use small letters, digits, - and _, starting with a letter, at most 31",
    fields.USER_NAME: "use an account name: small letters, digits, - and _",
    fields.UNIX_NAME: "use small letters, digits, - . and _, starting with a letter, at most 32",
    fields.DOMAIN_NAME: "use a DNS domain such as lab.example.org",
    fields.RECIPIENT: "use a key of age (age1..., ssh-ed25519 ...) or the 40 digits of a gpg key, in capitals",
    fields.PLAIN_TEXT: "use plain text without { } ` $ and control characters",
    fields.DEVICE_PATH: "use a path such as /dev/disk/by-id/wwn-0x5000c500a1b2c3d4",
    fields.KEY_FILE: "use a plain path such as ~/.ssh/id_ed25519",
    fields.FINGERPRINT: "write what `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` prints there: SHA256:...",
    fields.PART_NUMBER: "use letters, digits, dots and dashes, such as RAM-007",
    fields.A_TIME: 'use days such as "7-00:00:00", hours such as "12:00:00", minutes such as "90", or UNLIMITED',
    fields.PARTITION: "use letters, digits, - . and _, at most 63, such as gpu-long",
    fields.SLURM_NAME: "use small letters, digits, - . and _, as Slurm writes it",
    fields.SHARING: "use exclusive, no, or how many jobs share a core: yes:2 or force:2",
    fields.INCLUDED: "use the name of a file beside the plan, such as rack-a.yml",
    fields.MAC: "use a MAC address such as 52:54:00:12:34:56",
    fields.SERIAL: "use letters, digits, dots and dashes, such as CZ3240XYZ1",
    fields.FEATURE: "use letters, digits, - . and _, starting with a letter, such as nvme",
    fields.INTERPRETER: "use a plain path such as /usr/bin/python3",
    fields.GPU_TYPE: "use small letters, digits, - . and _, starting with a letter, such as a100",
    fields.CPU_LIST: "use numbers of CPUs such as 0,1 or 0-3",
    fields.JUMP: "use one host such as admin@gate.example.org:22, or none",
}
# What would be right, where the field says more than the type.
RIGHTS = {
    "ram": "write the installed GiB, or the list of sticks such as [4, 4]",
    "disks": "write a list such as [2 x 300 GB SAS]",
    "host_key": "write a fingerprint such as SHA256:..., or a list of them",
    "accounting": "write false for none, or a blade such as {host: BLD-010}",
    "mpi": "write true or false, or a mapping such as {compilers: none}",
    "slurm": "write a list such as [compute], or [] for none",
    "blades.slurm": "write a mapping such as {CoreSpecCount: 1}",
    "gpus": "write a number, or a mapping such as {type: a100, count: 4}",
    "features": "write a list such as [ib, nvme]",
    "preemption": "write partition, qos or none, or a mapping such as {by: partition, mode: requeue}",
    "backup": "write a mapping such as {recipients: [age1...], keep: 14}",
    "backup.recipients": "write a list of keys of age (age1..., ssh-ed25519 ...) or fingerprints of gpg keys",
    "firewall": "write a mapping such as {ssh: [192.0.2.0/24]}",
    "firewall.ssh": "write from where people come by ssh, such as [192.0.2.0/24]; [0.0.0.0/0] is everywhere",
    "notify": "write a mapping such as {command: /usr/local/bin/tell-admins}",
    "trusted": "write a list such as [192.0.2.7]",
    "open": "write a list of ports such as [443]",
    "rest": "write true, or where, such as {listen: network, port: 6820}",
    "partitions": "write a mapping of partitions, such as gpu: {tiers: [gpu]}",
    "partitions.nodes": "write a node set such as node[001-010], or a list of them",
    "partitions.gpus": "write true or false",
    "partitions.tiers": "write a list such as [gpu]",
    "include": "write a list such as [rack-a.yml, rack-b.yml]",
}
# Keys of a node's line in slurm.conf that come from elsewhere.
_MEASURED = "slurmd measures it on the node"
OWNED = {
    **dict.fromkeys(
        ("boards", "corespersocket", "cpus", "procs", "realmemory", "sockets", "socketsperboard", "threadspercore"),
        _MEASURED,
    ),
    "tmpdisk": "it is the size of the scratch that the node has",
    "nodename": "it is the name of the node",
    "nodehostname": "it is the name of the node",
    "nodeaddr": "it is `address`",
    "features": "write `features:`",
    "feature": "write `features:`",
    "weight": "write `weight:`",
    "gres": "write `gpus:`",
    "port": "all nodes have the port of `slurmctld_config: {SlurmdPort: ...}`",
    "state": "it changes while the cluster lives",
    "reason": "it changes while the cluster lives",
}
# What pydantic calls it.
GENERIC = {
    "int_type": "write a whole number",
    "int_from_float": "write a whole number",
    "float_type": "write a number",
    "finite_number": "write a finite number",
    "string_type": "write text",
    "bool_type": "write true or false",
    "list_type": "write a list such as [a, b]",
    "dict_type": "write a mapping of `key: value` lines",
    "model_type": "write a mapping of `key: value` lines",
    "greater_than": "write a number above {}",
    "greater_than_equal": "write at least {}",
    "less_than_equal": "write at most {}",
    "too_short": "write at least one item",
    "too_long": "write fewer items",
}
