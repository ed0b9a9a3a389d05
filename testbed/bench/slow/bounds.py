"""What may bound a program: a closed list."""

from __future__ import annotations

INPUT, NOT_SCALED, HOST, EAGER = "input", "batch_not_scaled", "host", "eager"
RETRACING, FETCH, COMMUNICATION, UNEVEN = "retracing", "fetch", "communication", "uneven"
NONE, UNCLEAR = "none", "unclear"
BOUNDS = {
    INPUT: "the input gives rows more slowly than a step could take them",
    NOT_SCALED: "each replica gets a part of the batch that one replica had",
    HOST: "a step does too little for what it costs to start it",
    EAGER: "strategy.run is called outside of a tf.function",
    RETRACING: "a tf.function is traced again and again",
    FETCH: "values are copied to Python in each step",
    COMMUNICATION: "replicas exchange values for a large part of a step",
    UNEVEN: "replicas wait for one that has more to do",
    NONE: "nothing has to be changed first",
    UNCLEAR: "it is not known",
}
"""Each with its meaning."""
