"""The same program through other modelling libraries, each in its own manner: families of variables and of rows.

linopy gets tables and forms whole families at once; PyOptInterface gets one variable and one row at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.families import INVESTMENTS, Columns, Families, Rows, Terms


def linopy_model(data: Families, sparse: bool) -> Any:
    """A linopy model. `sparse` asks for its newer compressed expressions, otherwise rows are padded to one length."""
    import linopy

    linopy.options["semantics"] = "v1"
    return _Linopy(data, linopy.Model(sparse=sparse), freeze=sparse).model


class _Linopy:
    """Fills a linopy model family by family."""

    def __init__(self, data: Families, model: Any, freeze: bool) -> None:
        import pandas as pd

        self.data, self.model, self.freeze = data, model, freeze
        self.nodes = pd.RangeIndex(data.ancestors.shape[1], name="node")
        self.variables = {columns.name: self._variables(columns) for columns in data.columns}
        costs = [self._cost(columns) for columns in data.columns if columns.cost.any()]
        model.add_objective(sum(costs[1:], costs[0]))
        for rows in data.rows:
            self._constraints(rows)

    def _table(self, numbers: Any, once: bool, name: str) -> Any:
        import pandas as pd
        import xarray as xr

        keys = pd.RangeIndex(numbers.shape[1], name=name)
        return xr.DataArray(numbers[0], coords=[keys]) if once else xr.DataArray(numbers, coords=[self.nodes, keys])

    def _variables(self, columns: Columns) -> Any:
        lower, upper = (self._table(n, columns.once, f"{columns.name}_key") for n in (columns.lower, columns.upper))
        return self.model.add_variables(lower=lower, upper=upper, integer=columns.integer, name=columns.name)

    def _cost(self, columns: Columns) -> Any:
        cost = self._table(columns.cost, columns.once, f"{columns.name}_key")
        return (cost * self.variables[columns.name]).sum()

    def _constraints(self, rows: Rows) -> None:
        assert rows.stated.all(), f"{rows.name} is not stated at every node"
        name, count = f"{rows.name}_row", rows.stated.shape[1]
        parts = [self._sum(terms, name, count) for terms in rows.terms]
        lower, upper = np.isfinite(rows.lower).all(), np.isfinite(rows.upper).all()
        sense = "=" if lower and upper else "<=" if upper else ">="
        side = self._table(rows.upper if upper else rows.lower, rows.once, name)
        self.model.add_constraints(sum(parts[1:], parts[0]), sense, side, name=rows.name, freeze=self.freeze)

    def _sum(self, terms: Terms, name: str, count: int) -> Any:
        """Coefficients times variables, summed by row."""
        import pandas as pd
        import xarray as xr

        variable, items = self.variables[terms.family], pd.RangeIndex(len(terms.keys), name="item")
        if terms.generations > 0:
            before = np.maximum(self.data.ancestors[terms.generations], 0)
            variable = variable.isel(node=before).assign_coords(node=self.nodes)
        key = f"{terms.family}_key"
        chosen = variable.isel({key: xr.DataArray(terms.keys, coords=[items])})
        coefficients = self._table(terms.coefficients, len(terms.coefficients) == 1, "item")
        summed = (coefficients * chosen).groupby(xr.DataArray(terms.rows, coords=[items], name=name)).sum()
        everywhere = pd.RangeIndex(count, name=name)
        return summed if summed.sizes[name] == count else summed.reindex({name: everywhere}).fillna(0)


def pyoptinterface_model(data: Families) -> Any:
    """A PyOptInterface model that lives in HiGHS from the first variable on."""
    import pyoptinterface as poi
    from pyoptinterface import highs

    model = highs.Model()
    model.set_raw_parameter("log_to_console", False)
    places, costs, variables = {}, [], []
    for columns in data.columns:
        domain = poi.VariableDomain.Integer if columns.integer else poi.VariableDomain.Continuous
        made = [
            model.add_variable(domain, lower, upper)
            for lower, upper in zip(columns.lower.ravel().tolist(), columns.upper.ravel().tolist(), strict=True)
        ]
        indices = np.array([variable.index for variable in made], dtype=np.int32)
        places[columns.name] = indices.reshape(columns.lower.shape)
        costs.append(columns.cost.ravel())
        variables.append(indices)
    objective = poi.ScalarAffineFunction.from_numpy(np.concatenate(costs), np.concatenate(variables), data.offset)
    model.set_objective(objective, poi.ObjectiveSense.Minimize)
    for rows in data.rows:
        for node in range(len(rows.stated)):
            _add_rows(model, data, rows, node, places)
    return model


def _add_rows(model: Any, data: Families, rows: Rows, node: int, places: dict[str, Any]) -> None:
    """The rows of one family at one node, one by one."""
    import pyoptinterface as poi

    found, columns, values = [], [], []
    for terms in rows.terms:
        back = terms.generations
        where = 0 if back == INVESTMENTS else int(data.ancestors[back, node])
        numbers = terms.coefficients[0 if len(terms.coefficients) == 1 else node]
        kept = numbers != 0
        if where >= 0 and kept.any():
            found.append(terms.rows[kept])
            columns.append(places[terms.family][where][terms.keys[kept]])
            values.append(numbers[kept])
    row, column, value = np.concatenate(found), np.concatenate(columns), np.concatenate(values)
    order = np.argsort(row, kind="stable")
    row, column, value = row[order], column[order], value[order]
    ends = np.searchsorted(row, np.arange(rows.stated.shape[1] + 1)).tolist()
    lower, upper = rows.lower[node].tolist(), rows.upper[node].tolist()
    for number, stated in enumerate(rows.stated[node].tolist()):
        if stated:
            part = slice(ends[number], ends[number + 1])
            expression = poi.ScalarAffineFunction.from_numpy(value[part], column[part])
            least, most = lower[number], upper[number]
            sense = poi.Eq if least == most else poi.Leq if most < np.inf else poi.Geq
            model.add_linear_constraint(expression, sense, most if most < np.inf else least)
