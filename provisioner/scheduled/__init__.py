"""Runs on a schedule: the timer of this machine, what its runs came to, and who hears of it."""
