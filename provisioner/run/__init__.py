"""Running a playbook over blades: what is asked, the engine, what happened, how it is shown and kept."""
