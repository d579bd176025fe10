"""What a blade's disks hold, and which of them may become scratch. Python 3.9, standard library only."""
