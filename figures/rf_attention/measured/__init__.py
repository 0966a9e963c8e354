"""The tables of the room: numbers from simulations and theory, and nothing of figures."""
