"""A second, separate statement of the whole mathematics, for testing the planner against.

It builds the complete problem in the plainest way: named variables, a list of rows, one node of the
scenario tree after the other, a linking variable wherever one makes a sentence shorter. It shares nothing
with the planner but the instance language.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping

from planner.language.figure import Figure
from planner.language.instance import Instance, Lane, Returns, Supplier
from planner.language.requirements import Budget, Chance, Dependence, ExpectedUnserved, Leverage, Regret, Served, Tail
from tests.reference_model.control import is_emergency, passes, price_factor
from tests.reference_model.overall import Overall
from tests.reference_model.program import Infeasible, Terms, Unbounded
from tests.reference_model.risk import weigh
from tests.reference_model.security import Supply, meant
from tests.reference_model.tree import Node, matches, overlap

__all__ = ["Infeasible", "Unbounded", "reference_objective", "reference_solution"]

TERMS = ("balance", "use", "inputs", "outflow", "movement", "release", "collected")


class Reference(Overall):
    """The complete problem of an instance, its futures and its shocks."""

    def __init__(self, instances: Mapping[str, Instance], alone: Mapping[str, float] | None = None) -> None:
        super().__init__(instances)
        self.unlimited: list[tuple[int, int]] = []
        for node in self.nodes:
            self.operate(node)
        self.reserves()
        best = self.alone() if alone is None else alone
        weigh(self, best)
        self.overall(best)
        for column, price in self.penalties:
            self.program.cost[column] += price

    def operate(self, node: Node) -> None:
        """Everything that happens in one node, then its balances and requirements."""
        self.terms = {kind: defaultdict(list) for kind in TERMS}
        self.imports, self.exports = defaultdict(list), defaultdict(list)
        self.supplies, self.spare = defaultdict(list), {}
        data = self.data(node)
        self.facilities(node)
        for name, lane in data.lanes.items():
            for movement in self.movements(node, name):
                self.movement(node, name, lane, *movement)
        for name, supplier in data.suppliers.items():
            self.supplier(node, name, supplier)
        self.outlets(node)
        self.demands(node)
        self.stockpiles(node)
        for name, returns in data.returns.items():
            self.returns(node, name, returns)
        self.balances(node)
        self.origins(node)
        self.quotas(node)
        self.limits(node)
        for name, part in data.requirements.items():
            if not self.holds(part, node):
                continue
            if isinstance(part, Served):
                self.served(node, name, part)
            elif isinstance(part, Dependence):
                self.dependence(node, name, part)
            else:
                self.secure(node, name, part)

    def facilities(self, node: Node) -> None:
        """Activities within capacity."""
        data, at = self.data(node), node.middle
        for name, facility in data.facilities.items():
            online, _ = self.online(node, name, facility.capacity.at(at), facility.retirement)
            self.pay(node, self.money * facility.fixed_cost.at(at), online)
            used: Terms = []
            for key, process in data.processes.items():
                if not matches(key, facility.processes):
                    continue
                activity = self.program.add("activity", name, key, node)
                used.append((process.use, activity))
                cost = facility.variable_costs.get(key, process.variable_cost)
                self.pay(node, self.money * cost.at(at), activity)
                self.terms["movement"]["activities", f"{name}/{key}"].append((1, activity))
                for commodity, amount in process.outputs.items():
                    self.terms["balance"][commodity, facility.region].append((amount, activity))
                    home = self.country(facility.region)
                    supply = Supply(home, name, None, [(amount, activity)], frozenset(process.inputs))
                    self.supplies[commodity, facility.region].append(supply)
                for commodity, amount in process.inputs.items():
                    self.terms["balance"][commodity, facility.region].append((-amount, activity))
                    self.terms["use"][commodity, facility.region].append((amount, activity))
                    self.terms["inputs"][commodity, facility.region].append((amount, activity))
            available = facility.availability.at(at)
            self.program.row([*used, (-available, online)], most=0)
            self.spare[name] = [(available, online), *[(-value, column) for value, column in used]]
            if facility.minimum_load.at(at) > 0:
                self.program.row([*used, (-facility.minimum_load.at(at) * available, online)], least=0)

    def movement(self, node: Node, name: str, lane: Lane, key: str, commodity: str, origin: str, to: str) -> None:
        """What is sent from one region to another."""
        data, at, program = self.data(node), node.middle, self.program
        sent, limit = program.add("sent", key, node), math.inf
        passing = passes(data, node, origin, commodity, to)
        if lane.capacity is not None or any(project.lane == name for project in data.projects.values()):
            online, limit = self.online(node, key, lane.capacity.at(at) if lane.capacity else 0.0)
            program.row([(1, sent), (-passing, online)], most=0)
        elif passing == 0:
            program.row([(1, sent)], most=0)
        elif passing < 1:
            raise ValueError(f"lane {name} has no capacity of which a share could pass")
        if lane.curve:
            cost = program.add("lane cost", key, node)
            program.interpolate(lane.curve, sent, cost, None)
            self.pay(node, 1, cost)
            limit = min(limit, lane.curve[-1].size)
        else:
            self.pay(node, self.money * lane.freight.at(at), sent)
        if lane.customs_value is not None:
            self.pay(node, self.money * lane.tariff.at(at) * lane.customs_value.at(at), sent)
        if lane.fixed_cost.at(at) > 0:
            used = program.add("used", key, node, upper=1, integer=True)
            self.pay(node, lane.fixed_cost.at(at), used)
            if limit == math.inf:
                self.unlimited.append((sent, used))
            else:
                program.row([(1, sent), (-limit, used)], most=0)
        self.terms["balance"][commodity, origin].append((-1, sent))
        self.terms["balance"][commodity, to].append((1 - lane.loss, sent))
        self.terms["movement"]["lanes", name].append((1, sent))
        self.imports[origin, commodity, to].append((1 - lane.loss, sent))
        arrival = Supply(self.country(origin), name, origin, [(1 - lane.loss, sent)])
        self.supplies[commodity, to].append(arrival)
        self.exports[origin, commodity, to].append((1, sent))

    def supplier(self, node: Node, name: str, supplier: Supplier) -> None:
        """Purchases from an outside source."""
        data, at, program, commodity = self.data(node), node.middle, self.program, supplier.commodity
        steps: dict[int, Terms] = defaultdict(list)
        for region in (region for region in data.regions if matches(region, supplier.regions)):
            passing = passes(data, node, supplier.origin, commodity, region)
            limit, delivery = supplier.region_limits.get(region), supplier.delivery_costs.get(region)
            tariff, factor = supplier.tariffs.get(region), price_factor(data, node, supplier.origin, commodity, region)
            here: Terms = []
            for number, step in enumerate(supplier.steps):
                bought = program.add("bought", name, number, region, node)
                if step.amount is not None:
                    program.row([(1, bought)], most=passing * step.amount.at(at))
                elif passing == 0:
                    program.row([(1, bought)], most=0)
                elif passing < 1 and limit is None:
                    raise ValueError(f"supplier {name} has no amount of which a share could pass")
                price = step.price.at(at) * factor * (1 + (tariff.at(at) if tariff else 0))
                self.pay(node, self.money * (price + (delivery.at(at) if delivery else 0)), bought)
                here.append((1, bought))
                steps[number].append((1, bought))
            if limit is not None:
                program.row(here, most=passing * limit.at(at))
            self.terms["balance"][commodity, region] += here
            self.terms["movement"]["suppliers", name] += here
            self.supplies[commodity, region].append(Supply(self.country(supplier.origin or region), name, None, here))
            if supplier.origin is not None:
                self.imports[supplier.origin, commodity, region] += here
                self.exports[supplier.origin, commodity, region] += here
        for number, terms in steps.items():
            amount = supplier.steps[number].amount
            if amount is not None:
                program.row(terms, most=amount.at(at))

    def reserves(self) -> None:
        """What a step can sell over the whole of a path."""
        for path in (leaf.path for leaf in self.leaves):
            for name, supplier in self.data(path[0]).suppliers.items():
                for number, step in enumerate(supplier.steps):
                    terms = [
                        (node.length, self.column["bought", name, number, region, node])
                        for node in path
                        for region in self.data(node).regions
                        if matches(region, supplier.regions)
                    ]
                    if step.reserve is not None:
                        self.program.row(terms, most=step.reserve.at(path[0].middle))

    def outlets(self, node: Node) -> None:
        """Sales to outside buyers."""
        data, at, program = self.data(node), node.middle, self.program
        for name, outlet in data.outlets.items():
            everything: Terms = []
            for number, step in enumerate(outlet.steps):
                sold: Terms = []
                for region in (region for region in data.regions if matches(region, outlet.regions)):
                    sale = program.add("sold", name, number, region, node)
                    delivery = outlet.delivery_costs.get(region)
                    self.pay(node, self.money * ((delivery.at(at) if delivery else 0) - step.price.at(at)), sale)
                    self.terms["balance"][outlet.commodity, region].append((-1, sale))
                    self.terms["outflow"][outlet.commodity, region].append((1, sale))
                    sold.append((1, sale))
                if step.amount is not None:
                    program.row(sold, most=step.amount.at(at))
                everything += sold
            program.row(everything, least=outlet.least.at(at))
            self.terms["movement"]["outlets", name] += everything

    def demands(self, node: Node) -> None:
        """Users are served, do without, or go short."""
        data, at, program = self.data(node), node.middle, self.program
        for name, demand in data.demands.items():
            amount, terms = demand.amount.at(at), []
            for commodity, effectiveness in demand.accepts.items():
                delivered = program.add("delivered", name, commodity, node)
                terms.append((effectiveness, delivered))
                self.terms["balance"][commodity, demand.region].append((-1, delivered))
                self.terms["use"][commodity, demand.region].append((1, delivered))
            for number, tranche in enumerate(demand.shortage):
                short = program.add("short", name, number, node, upper=tranche.share * amount)
                self.pay(node, self.money * tranche.cost.at(at), short)
                terms.append((1, short))
            if demand.substitution is not None:
                rule = demand.substitution
                substituted = program.add("substituted", name, node, upper=rule.most.at(at) * amount)
                self.pay(node, self.money * rule.cost.at(at), substituted)
                terms.append((1, substituted))
                before, kept = [], 1.0
                if node.parent is not None:
                    before = [(-1.0, self.column["substituted", name, node.parent])]
                    previous = self.data(node.parent).demands[name].amount.at(node.parent.middle)
                    kept = min(1.0, amount / previous) if previous > 0 else 1.0
                program.row([(1, substituted), *before], most=rule.growth.at(at) * amount * node.length)
                program.row([(1, substituted), *[(kept * value, column) for value, column in before]], least=0)
            program.row(terms, amount, amount)

    def stockpiles(self, node: Node) -> None:
        """Stocks follow from the parent's."""
        data, at, program = self.data(node), node.middle, self.program
        for name, pile in data.stockpiles.items():
            stock = program.add("stock", name, node)
            fill, release = program.add("fill", name, node), program.add("release", name, node)
            left = (1 - pile.decay) ** node.length
            terms: Terms = [(1, stock), (-node.length, fill), (node.length, release)]
            if node.parent is None:
                program.row(terms, left * pile.initial.at(at), left * pile.initial.at(at))
            else:
                program.row([*terms, (-left, self.column["stock", name, node.parent])], 0, 0)
            program.row([(1, stock)], pile.least.at(at), pile.capacity.at(at) if pile.capacity else math.inf)
            program.row([(1, fill)], most=pile.fill_limit.at(at) if pile.fill_limit else math.inf)
            program.row([(1, release)], most=pile.release_limit.at(at) if pile.release_limit else math.inf)
            if pile.release == "emergency" and not is_emergency(data, node, pile.emergency):
                program.row([(1, release)], most=0)
            self.pay(node, self.money * pile.holding_cost.at(at), stock)
            if node in self.leaves:
                self.costs[node][stock] -= node.factor * self.money * pile.final_value.at(at)
            for window in self.tree.windows:
                for twin, counts in window.resumed.items() if window.nodes[-1] is node else ():
                    worth = node.factor * self.money * pile.final_value.at(at)
                    self.costs[node][self.column["stock", name, twin]] += counts * worth
            place = (pile.commodity, pile.region)
            self.terms["balance"][place] += [(1, release), (-1, fill)]
            self.terms["release"][place].append((1, release))

    def returns(self, node: Node, name: str, part: Returns) -> None:
        """Material that comes back a lifetime after delivery."""
        at, rate = node.middle, part.rate.at(node.middle)
        collected = self.program.add("collected", name, node)
        self.pay(node, self.money * part.cost.at(at), collected)
        terms: Terms = [(1, collected)]
        for m in node.path:
            for lag, share in part.lifetime.items():
                back = share * overlap(m.start + lag, m.end + lag, node.start, node.end) / node.length
                for demand in self.data(m).demands if back > 0 else []:
                    for commodity, amount in part.delivered.items():
                        delivered = self.column.get(("delivered", demand, commodity, m))
                        if delivered is not None and matches(demand, part.demands):
                            terms.append((-rate * back * amount, delivered))
        self.program.row(terms, most=rate * part.history.at(at))
        self.terms["balance"][part.commodity, part.region].append((1, collected))
        self.terms["collected"][part.commodity, part.region].append((1, collected))

    def balances(self, node: Node) -> None:
        """What comes in goes out, in every region; a surplus may be disposed of unless that is forbidden."""
        for name, commodity in self.data(node).commodities.items():
            for region in self.data(node).regions:
                terms = self.terms["balance"][name, region]
                if commodity.disposal != "forbidden":
                    disposed = self.program.add("disposed", name, region, node)
                    terms.append((-1, disposed))
                    self.terms["outflow"][name, region].append((1, disposed))
                    if isinstance(commodity.disposal, Figure):
                        self.pay(node, self.money * commodity.disposal.at(node.middle), disposed)
                self.program.row(terms, 0, 0)

    # Rules

    def limits(self, node: Node) -> None:
        """Shared limits on the sum of named movements and activities."""
        for part in self.data(node).limits.values():
            chosen = {"suppliers": part.suppliers, "outlets": part.outlets, "lanes": part.lanes,
                      "activities": part.activities}  # fmt: skip
            terms = [
                term
                for (kind, name), rates in self.terms["movement"].items()
                for term in rates
                if matches(name, chosen[kind])
            ]
            least = part.least.at(node.middle) if part.least else -math.inf
            self.program.row(terms, least, part.most.at(node.middle) if part.most else math.inf)

    def served(self, node: Node, name: str, part: Served) -> None:
        """Each demand of the scope is served to the target at least."""
        for key, demand in self.data(node).demands.items():
            if matches(demand.region, part.regions) and matches(demand.user_class, part.classes):
                short: Terms = [(1, self.column["short", key, i, node]) for i in range(len(demand.shortage))]
                allowed = (1 - part.target.at(node.middle)) * demand.amount.at(node.middle)
                self.program.row([*short, *self.missed(node, name, key, part)], most=allowed)

    def dependence(self, node: Node, name: str, part: Dependence) -> None:
        """Purchases from an exporter are at most a share of use, outside the exporter's own region."""
        data, share = self.data(node), part.share.at(node.middle)
        pools: dict[tuple[str | None, str | None], list[tuple[str, str]]] = defaultdict(list)
        for region in (region for region in data.regions if matches(region, part.regions)):
            for commodity in (k for k, c in data.commodities.items() if meant(k, c.stage, part)):
                if region != part.exporter:
                    key = (region if "region" in part.by else None, commodity if "commodity" in part.by else None)
                    pools[key].append((commodity, region))
        for key, places in pools.items():
            terms = [term for k, region in places for term in self.imports[part.exporter, k, region]]
            use = self.net_use(node, (name, key), places, ["release", "collected"])
            if not any(self.is_made_again(places, supply) for place in places for supply in self.supplies[place]):
                use = [term for place in places for term in self.terms["use"][place]]
            terms += [(-share * value, column) for value, column in use]
            self.program.row([*terms, *self.missed(node, name, key, part)], most=0)

    def is_made_again(self, places: list[tuple[str, str]], supply: Supply) -> bool:
        """Whether something is made of the goods of these places themselves."""
        return bool(supply.made_of and supply.made_of & self.recycled({k for k, _ in places}))

    def limit_used(self, relax: bool, gap: float) -> None:
        """Lanes with a fixed cost but no capacity: the most an optimal plan could send bounds the flow."""
        program = self.program
        if not self.unlimited:
            return
        for _, used in self.unlimited:
            program.row([(1, used)], least=1)
        worst, _ = program.solve(relax, gap)
        del program.rows[-len(self.unlimited) :]
        program.row([(value, column) for column, value in enumerate(program.cost) if value], most=worst)
        bounds = []
        for sent, _ in self.unlimited:
            wanted = [0.0] * len(program.upper)
            wanted[sent] = -1
            bounds.append(-program.solve(True, gap, wanted)[0])
        program.rows.pop()
        for bound, (sent, used) in zip(bounds, self.unlimited, strict=True):
            program.row([(1, sent), (-max(bound, 0.0), used)], most=0)

    def alone(self) -> dict[str, float]:
        """For regret: the least cost of each future, were it the only one."""
        risk, futures = self.trunk.objective.risk, self.trunk.futures
        limited = any(isinstance(part, Regret) for part in self.trunk.requirements.values())
        if not limited and (risk is None or risk.measure != "regret"):
            return {}
        whole = (ExpectedUnserved, Tail, Chance, Regret, Leverage, Budget)
        rules = {name: part for name, part in self.trunk.requirements.items() if not isinstance(part, whole)}
        found = {}
        for future in self.tree.paths:
            chances = {name: part.model_copy(update={"probability": float(name == future), "range": None})
                       for name, part in futures.items()}  # fmt: skip
            objective = self.trunk.objective.model_copy(update={"risk": None, "sense": "minimise"})
            only = self.trunk.model_copy(update={"futures": chances, "objective": objective, "requirements": rules})
            found[future] = reference_objective({**self.instances, next(iter(self.instances)): only})
        return found


def reference_solution(
    instances: Mapping[str, Instance], relax: bool = False, gap: float = 1e-9,
    alone: Mapping[str, float] | None = None,
) -> tuple[float, dict[str, float]]:
    """The objective in the instance's own sense and every variable by a readable name."""
    reference = Reference(instances, alone)
    reference.limit_used(relax, gap)
    cost, values = reference.program.solve(relax, gap)
    named = {
        " ".join(part.name if isinstance(part, Node) else str(part) for part in name): values[column]
        for name, column in reference.column.items()
    }
    return (-cost if reference.trunk.objective.sense == "maximise" else cost), named


def reference_objective(
    instances: Mapping[str, Instance], relax: bool = False, gap: float = 1e-9,
    alone: Mapping[str, float] | None = None,
) -> float:
    """Optimal objective of an instance, given for every future, then every shock, with its overrides applied.

    Raises Infeasible or Unbounded. `relax` drops the integrality; `gap` is the relative gap allowed; `alone`: the
    least cost of each future by itself, for regret, found here if not given.
    """
    return reference_solution(instances, relax, gap, alone)[0]
