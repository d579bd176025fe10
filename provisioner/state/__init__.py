"""What roles keep on a node, as data: what is asked of the node, what differs, what is done about it. Pure.

A role declares its state once, in `vars/main.yml`. See `kinds` for what a state can hold.
"""
