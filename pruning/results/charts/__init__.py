"""Charts: each module holds one function that takes data frames and gives a ``pruning.results.charts.base.Chart``."""
