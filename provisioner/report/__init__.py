"""The page of `provision report`: what is known of a cluster as one HTML file that needs nothing beside it."""
