"""What a plan says of the firewall of the members."""

from __future__ import annotations

from pydantic import Field

from provisioner.plan.fields import Network, Port, Strict


class Firewall(Strict):
    """Who reaches the members from outside of the cluster's network; inside of it everything is open."""

    ssh: list[Network] = Field(
        min_length=1, max_length=100, description="networks or addresses from where admins and users come by ssh"
    )
    trusted: list[Network] = Field(
        default_factory=list,
        max_length=100,
        description="networks or addresses that reach everything, as members do, such as a file server",
    )
    open: list[Port] = Field(
        default_factory=list, max_length=100, description="TCP ports that everybody reaches on every member"
    )
