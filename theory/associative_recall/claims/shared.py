"""What several claims about trained nets share."""

# The smoke preset only shows that the pipe is open.
TRAINED = ("quick", "standard")
# Several c, and enough nets for a share, take too long for quick.
LONG = ("standard",)
# Three layers, searched for sinks.
DEEP = ("secondary",)
# Said of a source whose bounds were set by what our own earlier nets showed: it is no prediction.
PILOT = "bounds replicate our pilot nets on others [ar-6.3]"
