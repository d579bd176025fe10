"""How much the tests of this folder do, as the environment says.

CLUSTER_OS: the Debian release, or several with commas. CLUSTER_NODES: how many compute blades take part in
the runs over all of them; 15 and the controller fill an enclosure, and then runs are also stopped at every
point and not only at those that hurt most. CLUSTER_LAB: name and subnet of the lab, such as `test-other:7`, so
that two checkouts can run these tests at the same time.
"""

from __future__ import annotations

import os

RELEASES = os.environ.get("CLUSTER_OS", "bookworm").split(",")
NODES = int(os.environ.get("CLUSTER_NODES", "3"))
WHOLE_ENCLOSURE = NODES >= 15
LAB_NAME, LAB_SUBNET = os.environ.get("CLUSTER_LAB", "test-cluster:1").split(":")
