"""The tables of the room: numbers from `sims` and `theory`, computed once and kept in the store."""
