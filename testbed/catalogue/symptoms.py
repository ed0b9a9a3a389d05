"""The closed list of symptoms, each with its meaning and its cure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from testbed.decoding import OneOf


@dataclass(frozen=True)
class Symptom:
    """One symptom, in the words of tables and reports."""

    name: str
    meaning: str
    cure: str


SYMPTOMS = {
    symptom.name: symptom
    for symptom in (
        Symptom(
            "not_mirrored",
            "one copy where every replica should have its own",
            "create the variable inside strategy.scope()",
        ),
        Symptom(
            "misplaced",
            "a copy lives on another device than its replica",
            "create the variable inside strategy.scope()",
        ),
        Symptom(
            "counted_per_replica",
            "it counts replicas x steps: all wrote to one copy, or reading adds their copies up",
            "create it inside strategy.scope(), with the aggregation you mean",
        ),
        Symptom(
            "last_replica_wins",
            "it holds what the worker's last replica computed",
            "return it from strategy.run and reduce the result",
        ),
        Symptom(
            "replicas_diverge",
            "the copies of one worker hold different values",
            "give the variable an aggregation, or reduce before assigning",
        ),
        Symptom(
            "workers_diverge",
            "the workers hold different values",
            "create it inside strategy.scope(), where worker 0's value is broadcast",
        ),
        Symptom(
            "not_shared",
            "two objects where one was meant",
            "let one object own the variable and pass that object",
        ),
        Symptom(
            "symbolic_leak",
            "it holds a symbolic tensor of a finished trace, which cannot be used",
            "return it from the tf.function",
        ),
        Symptom(
            "frozen_in_trace",
            "it holds the value that it had when the tf.function was traced",
            "pass it as a tensor argument, or keep it in a tf.Variable",
        ),
        Symptom(
            "per_replica_leak",
            "a PerReplica value was used where one tensor is needed",
            "reduce it, or take strategy.experimental_local_results of it",
        ),
        Symptom(
            "rejected",
            "TensorFlow raised",
            "create everything that works together inside one strategy.scope()",
        ),
        Symptom(
            "wrong_value",
            "the value differs from the claimed one",
            "create the variable inside strategy.scope(), and reduce what replicas compute",
        ),
        Symptom(
            "hang",
            "a worker waited for others that never came",
            "let every worker and replica make the same collectives in the same order",
        ),
    )
}

SymptomName = Annotated[str, OneOf(tuple(SYMPTOMS))]
