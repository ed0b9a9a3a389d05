"""Judges the updates of one step: equal, a multiple, or otherwise different from one replica's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from testbed.check.finding import NOTE, Finding
from testbed.check.observations.seen import SourceLine
from testbed.check.parity.first_steps import SLOT, TRAINED, FirstSteps, Loss
from testbed.check.parity.pairing import PairedStep, Side
from testbed.check.parity.ratios import Ratio, decay_in, is_near
from testbed.check.rules.words import bare

_AVERAGED = "TB705"
_MANY_TIMES, _FRACTION, _OTHERWISE, _DECAY, _HIDDEN = "TB901", "TB902", "TB903", "TB905", "TB907"

# As Keras 3.15 and tf_keras 2.21 name them.
_SQUARES = ("velocity", "/v/", "accumulator")

_ROUGHLY = 0.15
"""How far a common factor may be from the number of replicas."""


@dataclass(frozen=True)
class LossGroup:
    """The variables that one loss trains, and their slots.

    What no tape trains is not judged: a program may mean its state to differ.
    """

    loss: Loss
    ratios: tuple[Ratio, ...]

    def of_role(self, role: str) -> list[Ratio]:
        """The ratios of the variables with this role."""
        return [each for each in self.ratios if each.update.role == role]


@dataclass(frozen=True)
class UpdateVerdict:
    """What the updates of a step show."""

    findings: tuple[Finding, ...] = ()
    unlike: bool = False
    """Whether some updates differ otherwise than any finding explains."""
    judged: bool = False
    """Whether there was an update to judge."""
    rate: float = 1.0
    """The learning rate as a multiple of that with one replica."""


class UpdateJudge:
    """Judges updates by `many` replicas.

    Args:
        many: the run with all replicas.
    """

    def __init__(self, many: Side) -> None:
        self._many = many
        self._first: FirstSteps = many.first[0]

    def judge(self, step: PairedStep, *, alike: bool, agreed: bool = False) -> UpdateVerdict:
        """Judge the updates of one step.

        Args:
            step: the step, which started from equal values.
            alike: whether it is known that the step computed with the same data.
            agreed: whether an earlier step had equal updates.
        """
        findings, ratios = [], step.ratios()
        groups = list(self._groups(ratios))
        rate = self._rate_of(step, groups)
        grouped = {id(each.update) for group in groups for each in group.ratios}
        # What no tape trains has to be equal to say anything.
        unlike = any(
            not each.is_near(1.0)
            for each in ratios
            if each.update.role == TRAINED and id(each.update) not in grouped
        )
        for group in groups:
            if _explained(group.ratios, 1.0, rate):
                continue
            certain = alike and not (self._first.own_statistics or step.own_statistics)
            means = self._means_of(step, group, agreed=agreed)
            if means is None:
                found = self._judge_group(step, group, rate, certain=certain)
            else:
                found = self._average(step, group, rate, means) if certain else None
            findings += [found] if found else []
            unlike |= found is None
        return UpdateVerdict(tuple(findings), unlike, bool(groups), rate)

    def _rate_of(self, step: PairedStep, groups: Sequence[LossGroup]) -> float:
        """The ratio of the learning rates that explains the updates, or else the first one."""

        def explains(rate: float) -> bool:
            return all(_explained(group.ratios, 1.0, rate) for group in groups)

        return next(filter(explains, step.rates), step.rates[0])

    def _groups(self, ratios: Sequence[Ratio]) -> Iterator[LossGroup]:
        losses = self._first.losses
        left = {id(each): each for each in ratios}
        for loss in losses:
            trained = [
                each
                for each in left.values()
                if each.update.role == TRAINED and each.update.variable in loss.variables
            ]
            slots = [
                each
                for each in left.values()
                if each.update.role == SLOT
                and (len(losses) == 1 or any(_belongs(each, of) for of in trained))
            ]
            for each in (*trained, *slots):
                del left[id(each)]
            if trained or slots:
                yield LossGroup(loss, (*trained, *slots))

    def _judge_group(
        self, step: PairedStep, group: LossGroup, rate: float, *, certain: bool
    ) -> Finding | None:
        replicas = self._many.replicas
        factors = ((_MANY_TIMES, float(replicas)), (_FRACTION, 1.0 / replicas))
        # The sum of limited gradients may reach the limit once for each replica.
        for code, factor in factors if not self._limit() else ():
            if _explained(group.ratios, factor, rate):
                trained = group.of_role(TRAINED)
                if trained and all(_near_any(each.value, (1.0, rate)) for each in trained):
                    code = _HIDDEN
                evidence = _multiple(step, group, factor, rate, replicas)
                # What divides once more comes after the sum.
                place = group.loss.last if factor < 1 else None
                return self._finding(code, step, group, evidence, place)
        if decayed := _decayed(group, rate, replicas):
            evidence = _decay(step, decayed, replicas)
            return self._finding(_DECAY, step, group, evidence, group.loss.adds)
        common = _common_factor(group)
        roughly = common is not None and abs(common / rate - replicas) < _ROUGHLY * replicas
        if common is not None and roughly and not self._limit():
            # A step of several updates goes other ways after the first one.
            return self._finding(
                _MANY_TIMES, step, group, _difference(step, group, common, rate, replicas)
            )
        if common is None and not certain:
            return None
        return self._finding(
            _OTHERWISE, step, group, _difference(step, group, common, rate, replicas), self._limit()
        )

    def _means_of(self, step: PairedStep, group: LossGroup, *, agreed: bool) -> str | None:
        """Which means of different numbers of elements explain the difference; None if none do."""
        replicas, shares = self._many.replicas, step.many.shares
        if self._limit() or step.copies > 1:
            return None
        if len(shares) == replicas:
            if len(set(shares)) == 1 or not (agreed or self._are_own_means(group, shares)):
                return None
            numbers = " and ".join(map(str, shares))
            return f"the replicas take {numbers} elements, and their means count"
        if group.loss.place is not None:
            return None
        # The data of Keras' `fit` are not seen, and its loss is a mean over those of a replica.
        if step.has_uneven_count(replicas):
            return "replicas take different numbers of elements, and their means count"
        if agreed and step.many.ends_epoch:
            return "the last batch of an epoch may be short, and the means of replicas count"
        return None

    def _are_own_means(self, group: LossGroup, shares: Sequence[int]) -> bool:
        """Whether the update of the first step is about that of averaged means."""
        replicas, trained = self._many.replicas, group.of_role(TRAINED)
        with_data = sum(share > 0 for share in shares)
        scale = abs(trained[0].value) * replicas / with_data if trained and with_data else 0.0
        return group.loss.own_mean and replicas**-0.5 < scale < replicas**0.5

    def _average(self, step: PairedStep, group: LossGroup, rate: float, means: str) -> Finding:
        """The finding about averaged means; a note if a library computes them."""
        evidence = _difference(step, group, _common_factor(group), rate, self._many.replicas)
        level = "" if group.loss.place else NOTE
        place = group.loss.place or step.many.place
        return Finding(_AVERAGED, place, f"{evidence}; {means} the same", level=level)

    def _finding(
        self,
        code: str,
        step: PairedStep,
        group: LossGroup,
        evidence: str,
        place: SourceLine | None = None,
    ) -> Finding:
        use = group.loss.adds if code == _OTHERWISE else None
        return Finding(code, place or group.loss.place or step.many.place, evidence, use)

    def _limit(self) -> SourceLine | None:
        """The line that limits the gradients, as far as one is known."""
        clipping = next((each.place for each in self._many.seen[0].births if each.clips), None)
        return clipping or next(iter(self._first.limits), None)


def _explained(ratios: Sequence[Ratio], factor: float, rate: float) -> bool:
    """Whether gradients that are longer by `factor` explain all updates.

    An optimizer that divides by the size of the gradients, like Adam, makes nearly equal updates of
    longer ones. Its slots, which show the factor and its square, decide alone.
    """
    slots = [each for each in ratios if each.update.role == SLOT]
    if any(_is_square(each) for each in slots):
        return all(any(each.is_near(f) for f in (factor, factor**2)) for each in slots)
    trained = [each for each in ratios if each.update.role == TRAINED]
    # Equal updates are right, whatever the learning rate.
    own = (rate, 1.0) if factor == 1.0 else (factor * rate,)
    return all(any(each.is_near(f) for f in own) for each in trained) and all(
        any(each.is_near(f) for f in (factor, *own)) for each in slots
    )


def _belongs(slot: Ratio, trained: Ratio) -> bool:
    """Whether a slot is that of a variable, by their names."""

    def flat(name: str) -> str:
        return bare(name.strip("'")).replace("/", "_")

    return flat(trained.name) in flat(slot.name)


def _common_factor(group: LossGroup) -> float | None:
    """The factor of all trained variables; None if it is not the same."""
    trained = group.of_role(TRAINED)
    alike = [each for each in trained if each.is_near(trained[0].value)]
    elements = sum(len(each.update.delta) for each in trained)
    # Where Adam makes equal updates, only its slots show what differs.
    shows = bool(trained) and not is_near(trained[0].value, 1.0)
    return trained[0].value if shows and alike == trained and elements > 1 else None


def _decayed(group: LossGroup, rate: float, replicas: int) -> tuple[Ratio, float] | None:
    """An update that has a further multiple of the weights, if that explains all differences."""
    trained, found = group.of_role(TRAINED), None
    adaptive = any(_is_square(each) for each in group.ratios)
    for each in group.ratios:
        if any(each.is_near(factor) for factor in (1.0, rate)):
            continue
        of_weights = each.update.role == TRAINED
        weights = [each] if of_weights else [of for of in trained if _belongs(each, of)]
        decay = next(filter(None, (decay_in(each, of.update) for of in weights)), None)
        if decay is None:
            # Adam makes equal updates of longer gradients; squares are no sums.
            if _is_square(each) or (of_weights and adaptive):
                continue
            return None
        if not _near_any(decay[0], (1.0, rate, float(replicas))):
            return None
        found = found or (each, decay[1])
    return found


def _is_square(ratio: Ratio) -> bool:
    """Whether a slot holds squares of gradients, by the name that Keras gives it."""
    # Keras of TensorFlow 2.15 calls them `v/dense/kernel`, without the optimizer's name before it.
    name = "/" + ratio.name.strip("'")
    return ratio.update.role == SLOT and any(each in name for each in _SQUARES)


def _near_any(value: float, factors: Sequence[float]) -> bool:
    return any(is_near(value, each) for each in factors)


def _multiple(step: PairedStep, group: LossGroup, factor: float, rate: float, replicas: int) -> str:
    slots = group.of_role(SLOT)
    shown = [each for each in group.ratios if each.is_near(factor * rate)]
    shown += [each for each in slots if each.is_near(factor)]
    if not shown:
        # The only slots of some optimizers, like RMSprop, are squares.
        factor = factor**2
        shown = [each for each in slots if each.is_near(factor)]
    first = shown[0]
    times = f"{factor:.4g} times" if factor > 1 else f"1/{1 / factor:.4g} of"
    kind = "moves" if first.update.role == TRAINED else "changes the slot"
    return (
        f"step {step.number} {kind} {first.name} by {first.update.length:.4g} on {replicas}"
        f" replicas, and by {first.one.length:.4g} on one: {times}"
        f" {'as much' if factor > 1 else 'it'}{_and_all(group)}"
    )


def _decay(step: PairedStep, decayed: tuple[Ratio, float], replicas: int) -> str:
    ratio, decay = decayed
    return (
        f"step {step.number} changes {ratio.name} by {ratio.update.length:.4g} on {replicas}"
        f" replicas, and by {ratio.one.length:.4g} on one; the difference is {decay:.4g} times"
        " the weights, which is their regularisation"
    )


def _difference(
    step: PairedStep, group: LossGroup, common: float | None, rate: float, replicas: int
) -> str:
    ratio = next((each for each in group.ratios if not each.is_near(rate)), group.ratios[0])
    text = (
        f"step {step.number} changes {ratio.name} by {ratio.update.length:.4g} on {replicas}"
        f" replicas, and by {ratio.one.length:.4g} on one"
    )
    if common is not None:
        return f"{text}: {common:.4g} times as much{_and_all(group)}"
    return text if ratio.proportional else f"{text}, in another direction"


def _and_all(group: LossGroup) -> str:
    trained = len(group.of_role(TRAINED))
    return f", and so all {trained} variables" if trained > 1 else ""
