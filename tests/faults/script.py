"""What a campaign does, in which order: drawn from a seed, so that it can be repeated."""

import random
from dataclasses import dataclass
from enum import StrEnum

from tests.faults.moments import Moment

WORKERS = ("worker-a", "worker-b")
BEAT = "beat"
KILLS_BY_MOMENT = 4
KILLS_AT_ANY_TIME = 8
KILLS_OF_BEAT = 4
LAST_OCCASION = 12
LONGEST_PAUSE = 8.0


class Accident(StrEnum):
    """What else happens, to the parts."""

    VALKEY_EMPTIED = "Valkey emptied"
    POSTGRES_RESTARTED = "PostgreSQL restarted"
    TOPIC_MADE_ANEW = "topic drained, deleted and made anew"


@dataclass(frozen=True, slots=True)
class Kill:
    """SIGKILL to one process."""

    process: str
    moment: Moment | None  # None: at any time
    occasion: int  # of the moment, counted from when the process is told
    pause: float  # seconds before it, where no moment is awaited

    def __str__(self) -> str:
        when = f"{self.moment}, occasion {self.occasion}" if self.moment else "at any time"
        return f"kill -9 of {self.process}, {when}"


Step = Kill | Accident


def script(seed: int) -> list[Step]:
    """All kills in random order, and the accidents at their places among them."""
    draw = random.Random(seed)
    kills = [
        *[_kill(draw, draw.choice(WORKERS), moment) for moment in Moment for _ in range(KILLS_BY_MOMENT)],
        *[_kill(draw, draw.choice(WORKERS), None) for _ in range(KILLS_AT_ANY_TIME)],
        *[_kill(draw, BEAT, None) for _ in range(KILLS_OF_BEAT)],
    ]
    draw.shuffle(kills)
    steps: list[Step] = list(kills)
    accidents = [
        Accident.VALKEY_EMPTIED,
        Accident.POSTGRES_RESTARTED,
        Accident.VALKEY_EMPTIED,
        Accident.TOPIC_MADE_ANEW,
    ]
    distance = len(kills) // (len(accidents) + 1)
    for place, accident in enumerate(accidents, 1):
        steps.insert(place * (distance + 1) - 1, accident)
    return steps


def _kill(draw: random.Random, process: str, moment: Moment | None) -> Kill:
    return Kill(process, moment, draw.randint(1, LAST_OCCASION), round(draw.uniform(0, LONGEST_PAUSE), 2))
