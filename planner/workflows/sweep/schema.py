"""The language of studies: which figures of an instance vary, over what, by which design.

::

    study: demand-and-capital
    instance: rare-earths.yaml        # in this file's folder, or in one below
    vary:
      demand: {path: demands.*.amount *=, range: [0.9, 1.2]}
      capital: {path: [projects.*.capital.fixed *=, projects.*.capital.variable *=], range: [0.8, 1.5]}
    design: {kind: latin_hypercube, runs: 200}
    relaxation: true
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from planner.language.figure import Name
from planner.language.instance import Options

MOST_JOBS = 100_000
Scalar = float | int | bool | str


def _as_list(value: Any) -> Any:
    """One path alone is a list of one."""
    return [value] if isinstance(value, str) else value


FactorPaths = Annotated[list[Annotated[str, Field(min_length=1)]], BeforeValidator(_as_list)]


class Piece(BaseModel):
    """A piece of a study: frozen, refusing unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Uniform(Piece):
    """Equally likely between two ends."""

    kind: Literal["uniform"]
    low: float
    high: float


class Triangular(Piece):
    """From low to high, most likely at the mode."""

    kind: Literal["triangular"]
    low: float
    mode: float
    high: float


class Normal(Piece):
    """Normal, cut off at low and high if they are given."""

    kind: Literal["normal"]
    mean: float
    deviation: Annotated[float, Field(gt=0)]
    low: float | None = None
    high: float | None = None


class Lognormal(Piece):
    """Positive; the logarithm is normal around that of the median with this deviation."""

    kind: Literal["lognormal"]
    median: Annotated[float, Field(gt=0)]
    deviation: Annotated[float, Field(gt=0)]


Distribution = Annotated[Uniform | Triangular | Normal | Lognormal, Field(discriminator="kind")]


class Vary(Piece):
    """A factor: one or more paths of the instance that take one value, and what that value may be.

    A path is written as in a scenario: `time.discount_rate`, `demands.*.amount *=`, `x.y +=`.
    """

    path: FactorPaths = Field(min_length=1, description="Paths that move together.")
    range: tuple[float, float] | Literal["stated"] | None = Field(
        None, description="Ends of a range; `stated`: every figure with low and high on the path is a factor."
    )
    values: list[Scalar] | None = Field(None, min_length=1, description="The values it may take.")
    distribution: Distribution | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Vary:
        if sum(part is not None for part in (self.range, self.values, self.distribution)) != 1:
            raise ValueError("give one of range, values, distribution")
        return self


class OneWay(Piece):
    """Every factor alone at its two ends (of a distribution: two quantiles), the others as in the instance."""

    kind: Literal["one_way"]
    quantiles: tuple[float, float] = (0.1, 0.9)


class Grid(Piece):
    """All combinations of levels of all factors."""

    kind: Literal["grid"]
    levels: Annotated[int, Field(ge=2)] = 3


class LatinHypercube(Piece):
    """Runs spread evenly over every factor."""

    kind: Literal["latin_hypercube"]
    runs: Annotated[int, Field(ge=2)]


class Sobol(Piece):
    """Saltelli's design for first and total order indices: samples * (factors + 2) runs."""

    kind: Literal["sobol"]
    samples: Annotated[int, Field(ge=2)]

    @model_validator(mode="after")
    def _power_of_two(self) -> Sobol:
        if self.samples & (self.samples - 1):
            raise ValueError("samples is a power of two: 64, 128, 256, ...")
        return self


class Morris(Piece):
    """Elementary effects along trajectories: trajectories * (factors + 1) runs."""

    kind: Literal["morris"]
    trajectories: Annotated[int, Field(ge=2)]
    levels: Annotated[int, Field(ge=2, multiple_of=2)] = 4


class MonteCarlo(Piece):
    """Independent draws from the distributions, or with rank correlations between factors."""

    kind: Literal["monte_carlo"]
    runs: Annotated[int, Field(ge=2)]
    correlation: dict[Name, dict[Name, Annotated[float, Field(ge=-1, le=1)]]] = Field(default_factory=dict)


class Listed(Piece):
    """Runs as listed: the value of each factor, those not named as in the instance."""

    kind: Literal["list"]
    runs: list[dict[Name, Scalar]] = Field(min_length=1)


def _named(value: Any) -> Any:
    """A design without settings may be given by its name."""
    return {"kind": value} if isinstance(value, str) else value


Design = Annotated[
    OneWay | Grid | LatinHypercube | Sobol | Morris | MonteCarlo | Listed, Field(discriminator="kind")
]


class Study(Piece):
    """Many runs of one instance."""

    study: Name
    title: str | None = None
    instance: str
    scenario: Name | None = None
    sets: list[str] = Field(default_factory=list, description="Overrides of all runs, as after --set.")
    vary: dict[Name, Vary] = Field(min_length=1)
    design: Annotated[Design, BeforeValidator(_named)]
    seed: Annotated[int, Field(ge=0, le=2147483647)] = Field(0, description="Seed of sampling.")
    seeds: list[Annotated[int, Field(ge=0)]] = Field(
        default=[0], min_length=1, description="Seeds of the solver; every run is made with each of them."
    )
    relaxation: bool = Field(False, description="Solve the linear relaxations: fast, and a bound.")
    options: Options = Options()
    chain: Annotated[int, Field(ge=1)] = Field(
        8, description="Runs that start hot from each other; a shard takes whole chains."
    )
    checked: Annotated[float, Field(ge=0, le=1)] = Field(
        0.02, description="Share of the runs that are solved again from scratch and compared."
    )
