"""What several figures of the room read: sweeps by name, selections, and derived quantities.

`stages` has a curriculum's kept nets by N, `analyses` the tables of trained nets, `as_linear`
trained nets as linear ones, `turns` where mean tau turns.
"""
