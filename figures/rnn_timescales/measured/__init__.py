"""Tables of the room's own model and tasks whose outcome theory gives exactly.

Numbers from `sims` and `theory`: no bound, no caption, nothing of `figures`. Settings come from
whoever asks for a table.
"""
