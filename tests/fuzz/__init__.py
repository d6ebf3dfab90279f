"""Random damage to everything a user hands over, and what the planner must never do with it.

    python -m tests.fuzz --seconds 3600 --seed 1            until the time is over
    python -m tests.fuzz --seed 1 --round 4711              one round again, with what every command printed

A round takes something that works (an instance, a study, a run folder), damages it in one to four places and runs
the commands a user would. `judge` says what is a finding: an exception that is not ours, an exit code that is not
documented, more than five seconds, or nonsense that is accepted.
"""
