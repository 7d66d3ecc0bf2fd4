"""A picture of where conversation memory lives: one model, and a renderer for each format (``--map``)."""
