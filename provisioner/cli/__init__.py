"""One file per verb. A verb prints and exits; what a test wants without a terminal lives elsewhere."""
