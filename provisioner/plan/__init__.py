"""The blade role plan: its shape (`model`), reading it (`load`) and what is odd about it (`findings`)."""
