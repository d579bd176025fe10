"""The change of munge's key on a node, at a moment that all nodes share."""
