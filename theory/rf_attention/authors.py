"""Published numbers that the room is held against.

Of the paper's own numbers none is known to us: its body was not at hand ([rfa-7.1]). What stands
here are learning curves of an independent implementation in NumPy, made before this room and with
other random streams ([rfa-7.2]).
"""

# Relative test error, mean over ten seeds at the best penalty: target -> model -> n = 50, 100, 200,
# 400, 800; d = N = 8, M = 200 heads, 1,000 test samples.
INDEPENDENT = {
    "f1": {
        "RFA": (0.079, 0.021, 0.0077, 0.0040, 0.0023),
        "BRFA": (0.195, 0.133, 0.098, 0.060, 0.032),
        "RFMLP": (0.469, 0.180, 0.046, 0.022, 0.017),
    },
    "f2": {
        "RFA": (1.05, 0.633, 0.281, 0.090, 0.042),
        "BRFA": (1.16, 0.699, 0.345, 0.177, 0.109),
        "RFMLP": (1.14, 1.10, 1.10, 1.07, 1.02),
    },
    "f4": {
        "RFA": (1.06, 0.759, 0.501, 0.336, 0.271),
        "BRFA": (1.09, 0.811, 0.538, 0.381, 0.307),
        "RFMLP": (1.10, 1.08, 1.10, 1.07, 1.03),
    },
    "g1": {
        "RFA": (0.610, 0.551, 0.501, 0.342, 0.153),
        "BRFA": (0.543, 0.479, 0.392, 0.251, 0.148),
        "RFMLP": (0.873, 0.751, 0.670, 0.582, 0.533),
    },
    "g3": {
        "RFA": (0.721, 0.657, 0.603, 0.554, 0.421),
        "BRFA": (0.661, 0.608, 0.544, 0.467, 0.389),
        "RFMLP": (0.913, 0.828, 0.740, 0.671, 0.624),
    },
}
