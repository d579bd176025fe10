"""The embedded default: the blades of a plan as systemd containers. Nothing in production needs it."""
