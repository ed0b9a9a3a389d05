"""What may bound a program: a closed list."""

from __future__ import annotations

INPUT, NOT_SCALED, HOST, EAGER = "input", "batch_not_scaled", "host", "eager"
RETRACING, FETCH, COMMUNICATION, UNEVEN = "retracing", "fetch", "communication", "uneven"
NONE, UNCLEAR = "none", "unclear"
BOUNDS = {
    INPUT: "its input",
    NOT_SCALED: "batches that do not grow with the replicas",
    HOST: "the cost of starting a step",
    EAGER: "Python, because steps are not in a tf.function",
    RETRACING: "tracing",
    FETCH: "values that Python fetches in each step",
    COMMUNICATION: "communication",
    UNEVEN: "its slowest replica",
    NONE: "nothing",
    UNCLEAR: "something that is not known",
}
"""Each as a sentence about a program names it, after `bound by`."""
